import { join } from "node:path";
import type { ControlConfig } from "../config.ts";
import type { DataDir } from "../data-dir.ts";
import { groupKeyFile } from "../keys/groups.ts";
import type { Tenant } from "../tenants/model.ts";
import { type ProcessSpec, recommenderName, SHARED } from "./spec.ts";

/** Where tables and models are, as the services take it: another adapter is another URI. */
export interface Locations {
  readonly tables: string;
  readonly models: string;
}

export function localLocations(dataDir: DataDir): Locations {
  return { tables: `lmdb:${dataDir.tenants}`, models: `file:${dataDir.tenants}` };
}

/** A stop has to fit into a few seconds on a terminal, whatever hangs. */
const DRAIN_MS_MAX = 1_500;

type DesiredConfig = Pick<
  ControlConfig,
  | "host"
  | "gatewayPort"
  | "collectorPort"
  | "mlPort"
  | "hibernateStandardMs"
  | "hibernatePremiumMs"
  | "hibernateEnterpriseMs"
>;

/** The processes of this machine: one shared gateway, collector and ml, and a recommender for each tenant. */
export function desiredProcesses(
  config: DesiredConfig,
  dataDir: DataDir,
  controlUrl: string,
  tenants: readonly Tenant[],
): ProcessSpec[] {
  const locations = localLocations(dataDir);
  const jwksFile = join(dataDir.keys, "jwks.json");
  const listening = (port: number) => ({ host: config.host, port, adminPort: 0, drainMsMax: DRAIN_MS_MAX });
  const { snapshotPublicKey: snapshotPublicKeyFile } = dataDir;
  const nodeDir = (name: string) => join(dataDir.nodes, name);

  const shared: ProcessSpec[] = [
    {
      name: SHARED.collector,
      kind: "collector",
      program: { packageName: "collector", entry: "server" },
      config: { ...listening(config.collectorPort), jwksFile, tables: locations.tables },
    },
    {
      name: SHARED.ml,
      kind: "ml",
      program: { packageName: "ml", entry: "server" },
      config: {
        ...listening(config.mlPort),
        jwksFile,
        models: locations.models,
        snapshotUrl: controlUrl,
        snapshotPublicKeyFile,
        stateDir: nodeDir(SHARED.ml),
        group: "ml",
        groupKeyFile: groupKeyFile(dataDir.keys, "ml"),
      },
    },
    {
      name: SHARED.gateway,
      kind: "gateway",
      program: { packageName: "gateway", entry: "server" },
      config: {
        ...listening(config.gatewayPort),
        controlUrl,
        snapshotPublicKeyFile,
        nodeDir: nodeDir(SHARED.gateway),
        keyFile: groupKeyFile(dataDir.keys, "shared"),
        group: "shared",
      },
    },
  ];
  const recommenders = tenants
    .filter((tenant) => tenant.state !== "deleting")
    .map(({ id, tier }): ProcessSpec => {
      const idleMs = idleMsOf(config, tier);
      return {
        name: recommenderName(id),
        kind: "recommender",
        tenantId: id,
        ...(idleMs > 0 && { hibernates: true }),
        program: { packageName: "recommender", entry: "server" },
        config: { ...listening(0), jwksFile, ...locations, tenant: id, idleMs },
      };
    });
  return [...shared, ...recommenders];
}

function idleMsOf(config: DesiredConfig, tier: Tenant["tier"]): number {
  switch (tier) {
    case "standard":
      return config.hibernateStandardMs;
    case "premium":
      return config.hibernatePremiumMs;
    case "enterprise":
      return config.hibernateEnterpriseMs;
  }
}
