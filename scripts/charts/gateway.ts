import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayConfig } from "../../packages/gateway/src/config.ts";
import { parseStandalone } from "../../packages/gateway/src/standalone/parse.ts";
import { resolveStandalone } from "../../packages/gateway/src/standalone/resolve.ts";
import { loadConfig } from "../../packages/service-kit/src/index.ts";
import type { Rendered } from "./rendered.ts";

/** What the gateway itself says about the files that its chart wrote for it. */
export async function gatewayFaults(documents: readonly Rendered[]): Promise<string[]> {
  const files = Object.assign({}, ...documents.map(({ data }) => data ?? {})) as Record<string, string>;
  const settings = files["gateway.yaml"];
  if (settings === undefined) return ["no gateway.yaml was rendered"];
  const dir = mkdtempSync(join(tmpdir(), "endcap-chart-"));
  try {
    const file = join(dir, "gateway.yaml");
    writeFileSync(file, settings);
    const { config } = await loadConfig(gatewayConfig, { file });
    if (config.snapshotFile !== undefined) await resolve(files["tenants.yaml"] ?? "");
    const grace = documents.flatMap(({ spec }) => spec?.template?.spec.terminationGracePeriodSeconds ?? []);
    const drainSeconds = (config.drainDelayMs + config.drainMsMax) / 1000;
    return grace
      .filter((seconds) => seconds < drainSeconds + 5)
      .map((seconds) => `${seconds} s cut a drain of ${drainSeconds} s`);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** With secrets of ours in place of the cluster's. */
async function resolve(tenants: string): Promise<void> {
  const bytes = new Uint8Array(randomBytes(32));
  const secret = { text: Buffer.from(bytes).toString("base64url"), bytes };
  const reader = { files: new Set<string>(), read: async () => secret };
  await resolveStandalone("tenants.yaml", parseStandalone("tenants.yaml", tenants), reader, {
    generation: "own",
    key: bytes,
  });
}
