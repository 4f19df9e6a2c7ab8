import { loadConfig } from "@endcap/service-kit";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { buildControl, type Control } from "../../src/app.ts";
import { controlConfig } from "../../src/config.ts";

export interface TestControl extends Control {
  readonly url: string;
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
}

/** Control with its real database, without the processes it would run; it goes with the test. */
export async function startControl(
  dataDir: string,
  now: () => number = Date.now,
  env: Record<string, string> = {},
): Promise<TestControl> {
  const { config } = await loadConfig(controlConfig, {
    env: {
      ENDCAP_CONTROL_DATA_DIR: dataDir,
      ENDCAP_CONTROL_PORT: "0",
      ENDCAP_CONTROL_PROVISIONER: "none",
      ENDCAP_CONTROL_TRAIN_EVERY_MS: "0",
      ...env,
    },
  });
  const control = await buildControl(config, { log: pino({ level: "silent" }), now });
  onTestFinished(() => control.close());
  const { url } = await control.listen();
  return Object.assign(control, {
    url,
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await fetch(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${control.adminToken}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as T };
    },
  });
}
