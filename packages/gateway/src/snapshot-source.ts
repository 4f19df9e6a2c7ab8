import { join } from "node:path";
import {
  ConfigError,
  createSnapshotClient,
  envName,
  type InternalIssuer,
  type SnapshotDelta,
  type SnapshotState,
} from "@endcap/service-kit";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { GatewayConfig } from "./config.ts";
import { ownInternalKey } from "./standalone/own-keys.ts";
import { createStandaloneSource } from "./standalone/source.ts";

/** Where this gateway knows its tenants and upstreams from: control, or a file of its own. */
export interface SnapshotSource {
  start(): Promise<void>;
  readonly state: SnapshotState | undefined;
  /** What is wrong with the newest snapshot, while an older one is in use. */
  readonly fault?: string | undefined;
  /** Milliseconds since what is in use was last confirmed. */
  ageMs(): number;
  close(): Promise<void>;
}

export interface SnapshotSourceOptions {
  readonly config: GatewayConfig;
  /** Where this process keeps what it last knew; keys lie in `config.nodeDir`, for all workers. */
  readonly ownDir: string;
  /** Mints tokens with audience `control`. */
  readonly issuer: InternalIssuer;
  readonly onState: (state: SnapshotState, delta: SnapshotDelta) => void;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now: () => number;
}

/** @throws ConfigError when the configuration names both, or lacks what the one it names needs */
export function createSnapshotSource({ config, ownDir, ...rest }: SnapshotSourceOptions): SnapshotSource {
  const { snapshotFile, controlUrl, nodeDir } = config;
  if (snapshotFile !== undefined) {
    if (controlUrl !== undefined) throw fault("controlUrl", "a standalone gateway (snapshotFile) has no control");
    return createStandaloneSource({ ...rest, file: snapshotFile, nodeDir, env: process.env });
  }
  return createSnapshotClient({
    ...rest,
    url: controlUrl,
    publicKeyFile: required(config, "snapshotPublicKeyFile"),
    stateFile: join(ownDir, "snapshot.json"),
    nodeKeyFile: join(ownDir, "node.key"),
    secrets: true,
  });
}

/** The key that signs the internal tokens: the configured one, or a standalone gateway's own. */
export async function internalKeyFile(config: GatewayConfig): Promise<string> {
  if (config.keyFile === undefined && config.snapshotFile !== undefined) {
    return ownInternalKey(config.nodeDir, config.group);
  }
  return required(config, "keyFile");
}

function required(config: GatewayConfig, key: "snapshotPublicKeyFile" | "keyFile"): string {
  const value = config[key];
  if (value === undefined)
    throw fault(key, `required unless snapshotFile is set: set it as ${envName("gateway", key)}`);
  return value;
}

function fault(key: string, message: string): ConfigError {
  return new ConfigError("gateway", [{ key, where: "configuration", message }]);
}
