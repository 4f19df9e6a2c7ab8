import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKeyId } from "@endcap/protocol";
import { expect, it, onTestFinished } from "vitest";
import { bootstrap, send } from "./support/edge.ts";
import { startProcess } from "./support/processes.ts";

const origin = "https://shop.example";
const pk = newKeyId("publishable", "live", (bytes) => crypto.getRandomValues(bytes));

const fileWith = (collector: string, tier: string) => `upstreams:
  - { id: collector, url: http://127.0.0.1:1 }
  - { id: ml, url: http://127.0.0.1:1 }
tenants:
  - slug: acorn
    tier: ${tier}
    origins: [${origin}]
    keys: [{ id: ${pk} }]
    routes: { collector: ${collector} }
`;
const good = fileWith("collector", "standard");
const [wrongTier, wrongRoute] = [fileWith("collector", "gold"), fileWith("colector", "standard")];

function place(content: string) {
  const directory = mkdtempSync(join(tmpdir(), "endcap-wrong-file-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "gateway.yaml");
  writeFileSync(file, content);
  const env = {
    ENDCAP_GATEWAY_PORT: "0",
    ENDCAP_GATEWAY_ADMIN_PORT: "0",
    ENDCAP_GATEWAY_LOG_LEVEL: "silent",
    ENDCAP_GATEWAY_SNAPSHOT_FILE: file,
    ENDCAP_GATEWAY_NODE_DIR: join(directory, "node"),
  };
  return { file, env };
}

it.each([
  ["a value that is none of the allowed ones", wrongTier, "6:5: tenants.0.tier: must be one of standard, premium"],
  ["a route to an upstream that nobody named", wrongRoute, "9:15: unknown upstream colector: one of collector"],
])("a process ends at its start with the line and what is allowed: %s", (_what, content, expected) => {
  const { file, env } = place(content);
  const server = join(import.meta.dirname, "..", "src", "server.ts");
  const { status, stderr } = spawnSync(process.execPath, [server], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`${file}:${expected}`);
});

it("a process that runs keeps its good file while the new one is wrong, says where, and takes the mended one over", async () => {
  const { file, env } = place(good);
  const gateway = await startProcess("gateway", env);
  // That it finds its upstream, which nobody runs here, is all there is to see of the route.
  const ask = async () => (await send(`${gateway.url}/v1/events`, bootstrap({ pk, origin }, { events: [] }))).body.code;
  const fault = async () => (await send(`${gateway.adminUrl}/internal/v1/status`, {})).body.snapshotFault;
  expect([await ask(), await fault()]).toEqual(["upstream_unavailable", null]);
  for (const [wrong, expected] of [
    [wrongRoute, "9:15: unknown upstream colector: one of collector"],
    [wrongTier, "6:5: tenants.0.tier: must be one of standard, premium"],
  ] as const) {
    writeFileSync(file, wrong);
    await expect.poll(fault, { timeout: 10_000 }).toContain(expected);
    expect(await ask()).toBe("upstream_unavailable");
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  }
  writeFileSync(file, good.replace(origin, "https://other.example"));
  await expect.poll(ask, { timeout: 10_000 }).toBe("origin_denied");
  expect(await fault()).toBeNull();
});
