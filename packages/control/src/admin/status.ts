import type { App } from "@endcap/service-kit";
import Type from "typebox";
import { fetchStatus } from "../provisioner/status.ts";
import type { AdminContext } from "./context.ts";

const Process = Type.Object(
  {
    name: Type.String(),
    kind: Type.Enum(["gateway", "collector", "ml", "recommender", "control", "postgres"]),
    tenantId: Type.Optional(Type.String()),
    state: Type.Enum(["starting", "ready", "backoff", "stopping", "stopped", "hibernating"]),
    pid: Type.Optional(Type.Integer()),
    url: Type.Optional(Type.String()),
    adminUrl: Type.Optional(Type.String()),
    startedAt: Type.Optional(Type.String()),
    restarts: Type.Integer(),
    fault: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    rssBytes: Type.Optional(Type.Integer()),
  },
  { title: "Process" },
);

export interface ControlFacts {
  readonly version: string;
  readonly dataDir: string;
  readonly startedAt: string;
  readonly url: () => string;
  readonly snapshotVersion: () => number;
  /** The embedded PostgreSQL; absent when control uses somebody else's. */
  readonly postgres?: { readonly pid: () => number; readonly rssBytes: () => number | undefined };
}

export function statusRoutes(app: App, { tenants, fleet }: AdminContext, facts: ControlFacts): void {
  const schema = {
    response: {
      200: Type.Object({
        version: Type.String(),
        dataDir: Type.String(),
        pid: Type.Integer(),
        startedAt: Type.String(),
        snapshotVersion: Type.Integer(),
        endpoints: Type.Record(Type.String(), Type.String()),
        processes: Type.Array(Process),
        tenants: Type.Object({ active: Type.Integer(), suspended: Type.Integer(), deleting: Type.Integer() }),
      }),
    },
  };

  app.get("/v1/status", { schema, config: { quiet: true } }, async () => {
    const children = await Promise.all(
      fleet.processes.map(async (process) => {
        const status = await fetchStatus(process.adminUrl);
        return { ...process, ...(status !== undefined && { version: status.version, rssBytes: status.rssBytes }) };
      }),
    );
    const states = (await tenants.list()).map((tenant) => tenant.state);
    const count = (state: string) => states.filter((other) => other === state).length;
    const shared = children.filter(({ kind, url }) => kind !== "recommender" && url !== undefined);
    return {
      version: facts.version,
      dataDir: facts.dataDir,
      pid: process.pid,
      startedAt: facts.startedAt,
      snapshotVersion: facts.snapshotVersion(),
      endpoints: { control: facts.url(), ...Object.fromEntries(shared.map(({ kind, url }) => [kind, url ?? ""])) },
      processes: [controlProcess(facts), ...postgresProcess(facts), ...children],
      tenants: { active: count("active"), suspended: count("suspended"), deleting: count("deleting") },
    };
  });
}

function controlProcess(facts: ControlFacts) {
  return {
    name: "control",
    kind: "control" as const,
    state: "ready" as const,
    pid: process.pid,
    url: facts.url(),
    startedAt: facts.startedAt,
    restarts: 0,
    version: facts.version,
    rssBytes: process.memoryUsage.rss(),
  };
}

function postgresProcess({ postgres, startedAt }: ControlFacts) {
  if (postgres === undefined) return [];
  const rssBytes = postgres.rssBytes();
  return [
    {
      name: "postgres",
      kind: "postgres" as const,
      state: "ready" as const,
      pid: postgres.pid(),
      startedAt,
      restarts: 0,
      ...(rssBytes !== undefined && { rssBytes }),
    },
  ];
}
