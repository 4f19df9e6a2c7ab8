import type { Logger } from "pino";
import type { App } from "../app.ts";
import { within } from "../within.ts";

export type Check = () => void | Promise<void>;

const checkMsMax = 2_000;

export interface Health {
  /** Names a condition of readiness. A check that throws, or takes longer than 2 s, makes the service not ready. */
  check(name: string, check: Check): void;
  /** From now on `/readyz` answers 503, whatever the checks say. */
  drain(): void;
  readonly draining: boolean;
  routes(app: App): void;
}

interface Readiness {
  status: "ready" | "not_ready" | "draining";
  checks: Record<string, "ok" | "failing">;
}

export function createHealth(log: Logger): Health {
  const checks = new Map<string, Check>();
  let draining = false;
  let running: Promise<Readiness> | undefined;

  /** Probes that arrive together share one run: a probe storm costs one look at each store. */
  function readiness(): Promise<Readiness> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function run(): Promise<Readiness> {
    const outcomes = await Promise.all(
      [...checks].map(async ([name, check]) => {
        try {
          await within(checkMsMax, check(), `no answer within ${checkMsMax} ms`);
          return [name, "ok"] as const;
        } catch (error) {
          log.warn({ check: name, err: error }, "readiness check failed");
          return [name, "failing"] as const;
        }
      }),
    );
    const ready = outcomes.every(([, outcome]) => outcome === "ok");
    return {
      status: draining ? "draining" : ready ? "ready" : "not_ready",
      checks: Object.fromEntries(outcomes),
    };
  }

  return {
    check(name, check) {
      checks.set(name, check);
    },
    drain() {
      draining = true;
    },
    get draining() {
      return draining;
    },
    routes(app) {
      const config = { quiet: true };
      app.get("/healthz", { config }, async () => ({ status: "ok" }));
      app.get("/readyz", { config }, async (_request, reply) => {
        const answer: Readiness = draining ? { status: "draining", checks: {} } : await readiness();
        return reply.code(answer.status === "ready" ? 200 : 503).send(answer);
      });
    },
  };
}
