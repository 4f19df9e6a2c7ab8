import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EndcapError, RevokedSession, SnapshotTenant, SnapshotUpstream, TenantSecrets } from "@endcap/protocol";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { writeFileAtomic } from "../write-file-atomic.ts";
import { openSealedText, sealText } from "./sealing.ts";
import { emptySnapshot, putTenant, type SnapshotDraft, type SnapshotState } from "./state.ts";

/**
 * The last state on disk, for a cold start without control. NDJSON: one head line, one line a tenant with its secrets
 * encrypted under the node's key, one line with the MAC of all before it. A changed byte makes the whole file void:
 * whoever can write it must not be able to move a tenant's route.
 */
export interface SnapshotDisk {
  /** `undefined` when there is no file. @throws EndcapError `snapshot_invalid` for a damaged or foreign one. */
  load(): Promise<SnapshotDraft | undefined>;
  save(state: SnapshotState): Promise<void>;
  /** Notes that control was heard just now and has nothing newer than what is saved. */
  touch(): Promise<void>;
  /** Unix ms at which the saved state was last known to be the newest; undefined: nothing is saved. */
  confirmedAt(): Promise<number | undefined>;
}

interface Row {
  readonly tenant: SnapshotTenant;
  readonly secrets: TenantSecrets | undefined;
}

/** About a millisecond of work. */
const sliceLength = 128 * 1024;

const Head = Type.Object({
  format: Type.Literal(1),
  version: Type.Integer(),
  upstreams: Type.Array(SnapshotUpstream),
  revokedSessions: Type.Array(RevokedSession),
});
const Line = Type.Object({ tenant: SnapshotTenant, wrapped: Type.Optional(Type.String()) });
const Tail = Type.Object({ mac: Type.String() });

const [head, line, tail, secretsOf] = [Compile(Head), Compile(Line), Compile(Tail), Compile(TenantSecrets)];

/** @param nodeKeyFile 32 bytes hex, 0600, made here on first use. It never leaves the node. */
export async function openSnapshotDisk(
  stateFile: string,
  nodeKeyFile: string,
  now: () => number,
): Promise<SnapshotDisk> {
  const nodeKey = await readOrMakeKey(nodeKeyFile);
  const wrapKey = createSecretKey(derive(nodeKey, "wrap"));
  const macKey = derive(nodeKey, "mac");
  // A tenant's line is made once per version of the tenant: saving after one change costs one line, not all.
  const lines = new WeakMap<SnapshotTenant, string>();

  function lineOf({ tenant, secrets }: Row): string {
    let text = lines.get(tenant);
    if (text === undefined) {
      const wrapped = secrets && sealText(wrapKey, tenant.id, JSON.stringify(secrets));
      text = `${JSON.stringify({ tenant, wrapped })}\n`;
      lines.set(tenant, text);
    }
    return text;
  }

  /** In slices, each written before the next is made: a hundred thousand tenants at once would stop the process. */
  async function* slices(first: string, rows: readonly Row[]): AsyncGenerator<string> {
    const mac = createHmac("sha256", macKey);
    let slice = first;
    for (const row of rows) {
      slice += lineOf(row);
      if (slice.length < sliceLength) continue;
      mac.update(slice);
      yield slice;
      slice = "";
    }
    mac.update(slice);
    yield `${slice}${JSON.stringify({ mac: mac.digest("base64url") })}\n`;
  }

  return {
    async load() {
      const text = await readFile(stateFile, "utf8").catch(ignoreMissing);
      if (text === undefined) return undefined;
      try {
        return parse(text, macKey, wrapKey);
      } catch (error) {
        throw new EndcapError("snapshot_invalid", { internal: "the snapshot on disk is not ours", cause: error });
      }
    },
    async save(state) {
      const first = {
        format: 1,
        version: state.version,
        upstreams: [...state.upstreams.values()],
        revokedSessions: [...state.revokedSessions].map(([jti, until]) => ({ jti, until })),
      };
      // Now, as the maps go on changing while the slices are written.
      const rows = Array.from(state.tenants.values(), (tenant) => ({ tenant, secrets: state.secrets.get(tenant.id) }));
      await writeFileAtomic(stateFile, slices(`${JSON.stringify(first)}\n`, rows));
    },
    // The file's own time, so that a heartbeat does not cost writing a hundred thousand tenants again.
    touch: () => utimes(stateFile, now() / 1000, now() / 1000).catch(ignoreMissing),
    confirmedAt: async () => (await stat(stateFile).catch(ignoreMissing))?.mtimeMs,
  };
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function parse(text: string, macKey: Uint8Array, wrapKey: KeyObject): SnapshotDraft {
  const cut = text.lastIndexOf("\n", text.length - 2) + 1;
  const body = text.slice(0, cut);
  const { mac } = tail.Parse(JSON.parse(text.slice(cut)));
  const given = Buffer.from(mac, "base64url");
  const expected = macOf(macKey, body);
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new TypeError("the MAC does not match");

  const [first, ...rest] = body.trimEnd().split("\n");
  const { version, upstreams, revokedSessions } = head.Parse(JSON.parse(first ?? ""));
  const state = emptySnapshot(version);
  for (const entry of rest) {
    const { tenant, wrapped } = line.Parse(JSON.parse(entry));
    const opened = wrapped === undefined ? undefined : JSON.parse(openSealedText(wrapKey, tenant.id, wrapped));
    putTenant(state, tenant, opened === undefined ? undefined : secretsOf.Parse(opened));
  }
  for (const upstream of upstreams) state.upstreams.set(upstream.id, upstream);
  for (const { jti, until } of revokedSessions) state.revokedSessions.set(jti, until);
  return state;
}

function macOf(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function derive(nodeKey: Uint8Array, use: "wrap" | "mac"): Buffer {
  return Buffer.from(hkdfSync("sha256", nodeKey, "", `endcap node v1 ${use}`, 32));
}

async function readOrMakeKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, randomBytes(32).toString("hex"), { mode: 0o600 });
  try {
    // A link, not a rename: of two processes that start together the first one's key stays.
    await link(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const key = Buffer.from((await readFile(file, "utf8")).trim(), "hex");
  if (key.length !== 32) throw new TypeError("the node key must be 32 bytes of hex");
  return key;
}
