import { type Principal, ServedRecord } from "@endcap/protocol";
import { type App, createService, internalAuth, principalOf } from "@endcap/service-kit";
import { onTestFinished } from "vitest";
import type { House } from "./house.ts";

export interface Told {
  readonly principal: Principal;
  readonly record: ServedRecord;
}

export interface Collector {
  readonly url: string;
  readonly told: Told[];
  /** Resolves when this many records were told. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The one route of a collector that ml calls, behind real tokens. */
export async function startCollector(house: House, port = 0): Promise<Collector> {
  const service = createService({
    name: "collector",
    config: {
      host: "127.0.0.1",
      port,
      adminHost: "127.0.0.1",
      adminPort: 0,
      logLevel: "silent",
      drainDelayMs: 0,
      drainMsMax: 0,
    },
  });
  const told: Told[] = [];
  let wake: (() => void) | undefined;
  await service.app.register(async (internal: App) => {
    await internal.register(internalAuth, { audience: "collector", jwksFile: house.jwksFile });
    internal.post("/internal/v1/served", { schema: { body: ServedRecord } }, async (request, reply) => {
      told.push({ principal: principalOf(request), record: request.body });
      wake?.();
      return reply.code(204).send();
    });
  });
  const { url } = await service.listen();
  onTestFinished(() => service.close());
  return {
    url,
    told,
    async until(count) {
      while (told.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: () => service.close(),
  };
}
