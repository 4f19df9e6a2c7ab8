import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { EndcapError, type SnapshotTenant, TenantSecrets } from "@endcap/protocol";
import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import { Compile } from "typebox/compile";
import type { InternalIssuer } from "../auth/internal-issuer.ts";
import { openSnapshotDisk, type SnapshotDisk } from "./disk.ts";
import { openSealedText } from "./sealing.ts";
import {
  createApplier,
  type OpenSecrets,
  type SnapshotDelta,
  type SnapshotDraft,
  type SnapshotState,
} from "./state.ts";
import { openSnapshotStream } from "./stream.ts";

export interface SnapshotClientOptions {
  /** Control's origin. Absent: the state on disk is all there will be. */
  readonly url?: string | undefined;
  /** Mints tokens with audience `control`. */
  readonly issuer: InternalIssuer;
  /** Ed25519 SPKI PEM that verifies control's signatures. */
  readonly publicKeyFile: string;
  readonly stateFile: string;
  /** Wraps the secrets on disk; made on first use. */
  readonly nodeKeyFile: string;
  /** Ask for key material. Gateways only. */
  readonly secrets: boolean;
  /** Runs synchronously with every new state, before anybody can read it from `state`. */
  readonly onState: (state: SnapshotState, delta: SnapshotDelta) => void;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now?: () => number;
  /** Milliseconds that only ever grow, for ages: a clock that is set must not make a snapshot look stale, or fresh. */
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

export interface SnapshotClient {
  /** Loads the state from disk, then keeps a connection to control until `close`. Resolves after the disk was read. */
  start(): Promise<void>;
  readonly state: SnapshotState | undefined;
  /** Milliseconds since control was last heard, by this process or by the one before it on this disk. */
  ageMs(): number;
  /** Ends the connection and writes what is unwritten. */
  close(): Promise<void>;
}

const backoffMsMin = 100;
const backoffMsMax = 5_000;
const saveEveryMs = 1_000;
const savePauseShare = 9;
const touchEveryMs = 60_000;

const secretsCheck = Compile(TenantSecrets);

export function createSnapshotClient(options: SnapshotClientOptions): SnapshotClient {
  const now = options.now ?? Date.now;
  const monotonic = options.monotonic ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const stop = new AbortController();
  let state: SnapshotDraft | undefined;
  let heardAt = monotonic();
  let touchedAt = heardAt;
  let connection: Promise<void> | undefined;
  let saving: Promise<void> | undefined;
  let savedInMs = 0;
  let disk: SnapshotDisk | undefined;

  new Gauge({
    name: "endcap_snapshot_age_seconds",
    help: "time since control was last heard",
    registers: [options.registry],
    collect() {
      this.set((monotonic() - heardAt) / 1000);
    },
  });
  new Gauge({
    name: "endcap_snapshot_version",
    help: "version of the snapshot in use, -1 before the first",
    registers: [options.registry],
    collect() {
      this.set(state?.version ?? -1);
    },
  });
  const breaks = new Counter({
    name: "endcap_snapshot_breaks_total",
    help: "connections to control that ended, for whatever reason",
    registers: [options.registry],
  });

  function adopt(next: SnapshotDraft, delta: SnapshotDelta): void {
    options.onState(next, delta);
    state = next;
  }

  async function pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: stop.signal });
    } catch {
      // Closing: whoever waits goes on at once.
    }
  }

  /**
   * At most one save at a time, one a second, and a tenth of the time: what is saved is every tenant, however little has
   * changed. The last state always gets there.
   */
  function save(): void {
    saving ??= (async () => {
      await pause(Math.max(saveEveryMs, savePauseShare * savedInMs));
      const saved = state;
      const began = monotonic();
      try {
        if (saved !== undefined) await disk?.save(saved);
        savedInMs = monotonic() - began;
      } catch (error) {
        options.log.error({ err: error }, "the snapshot could not be written");
      }
      saving = undefined;
      if (state !== saved) save();
    })();
  }

  /** What is being saved carries its time already. */
  function touch(): void {
    if (heardAt - touchedAt < touchEveryMs || saving !== undefined) return;
    touchedAt = heardAt;
    disk?.touch().catch((error: unknown) => options.log.error({ err: error }, "the snapshot's time was not written"));
  }

  async function connect(url: string, { newTenants }: SnapshotDisk): Promise<void> {
    const stream = await openSnapshotStream({ ...options, url, heldVersion: state?.version, signal: stop.signal });
    const apply = createApplier(() => state, newTenants, opener(stream.sealingKey), now);
    for await (const message of stream.messages) {
      heardAt = monotonic();
      touch();
      const applied = apply(message);
      if (applied.outcome === "gap") throw new EndcapError("snapshot_invalid", { internal: "a version is missing" });
      if (applied.outcome === "none") continue;
      adopt(applied.state, applied.delta);
      options.log.debug({ version: applied.state.version }, "snapshot applied");
      save();
    }
  }

  async function stayConnected(url: string, opened: SnapshotDisk): Promise<void> {
    let backoffMs = backoffMsMin;
    while (!stop.signal.aborted) {
      const before = heardAt;
      try {
        await connect(url, opened);
      } catch (error) {
        if (!stop.signal.aborted) options.log.warn({ err: error }, "the connection to control broke");
      }
      if (stop.signal.aborted) return;
      breaks.inc();
      backoffMs = heardAt > before ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
      // Full jitter: after a restart of control its gateways do not come back in one moment.
      await pause(backoffMs * random());
    }
  }

  return {
    async start() {
      heardAt = monotonic();
      disk = await openSnapshotDisk(options.stateFile, options.nodeKeyFile, now);
      try {
        const stored = await disk.load();
        if (stored !== undefined) {
          adopt(stored, "all");
          heardAt -= Math.max(0, now() - ((await disk.confirmedAt()) ?? now()));
        }
      } catch (error) {
        // Control can give us a good one; refusing to start would turn a damaged cache into an outage.
        options.log.error({ err: error }, "the snapshot on disk was refused");
      }
      if (options.url !== undefined) connection = stayConnected(options.url, disk);
    },
    get state() {
      return state;
    },
    ageMs: () => monotonic() - heardAt,
    async close() {
      stop.abort();
      await connection;
      while (saving !== undefined) await saving;
    },
  };
}

function opener(sealingKey: KeyObject | undefined): OpenSecrets {
  return ({ id, sealed }: SnapshotTenant) => {
    if (sealingKey === undefined || sealed === undefined) return undefined;
    return secretsCheck.Parse(JSON.parse(openSealedText(sealingKey, id, sealed)));
  };
}
