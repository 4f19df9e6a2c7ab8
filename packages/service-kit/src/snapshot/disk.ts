import { createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EndcapError, RevokedSession, SnapshotUpstream } from "@endcap/protocol";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { writeFileAtomic } from "../write-file-atomic.ts";
import { bytesAt, type Place } from "./line-slabs.ts";
import { emptySnapshot, type SnapshotDraft } from "./state.ts";
import { PackedTenants } from "./tenants.ts";

/**
 * The last state on disk, for a cold start without control. NDJSON: one head line, one line a tenant with its secrets
 * encrypted under the node's key, one line with the MAC of all before it. A changed byte makes the whole file void:
 * whoever can write it must not be able to move a tenant's route.
 */
export interface SnapshotDisk {
  /** `undefined` when there is no file. @throws EndcapError `snapshot_invalid` for a damaged or foreign one. */
  load(): Promise<SnapshotDraft | undefined>;
  save(state: SnapshotDraft): Promise<void>;
  /** None yet, whose secrets will be sealed as they are on this disk. */
  newTenants(): PackedTenants;
  /** Notes that control was heard just now and has nothing newer than what is saved. */
  touch(): Promise<void>;
  /** Unix ms at which the saved state was last known to be the newest; undefined: nothing is saved. */
  confirmedAt(): Promise<number | undefined>;
}

const lineFeed = 10;
/** Part of a millisecond's work. */
const sliceBytes = 128 * 1024;

const Head = Type.Object({
  format: Type.Literal(1),
  version: Type.Integer(),
  upstreams: Type.Array(SnapshotUpstream),
  revokedSessions: Type.Array(RevokedSession),
});
const Tail = Type.Object({ mac: Type.String() });

const [head, tail] = [Compile(Head), Compile(Tail)];

/** @param nodeKeyFile 32 bytes hex, 0600, made here on first use. It never leaves the node. */
export async function openSnapshotDisk(
  stateFile: string,
  nodeKeyFile: string,
  now: () => number,
): Promise<SnapshotDisk> {
  const nodeKey = await readOrMakeKey(nodeKeyFile);
  const wrapKey = createSecretKey(derive(nodeKey, "wrap"));
  const macKey = derive(nodeKey, "mac");
  const newTenants = () => new PackedTenants(wrapKey);

  /** In slices, each written before the next is made: a hundred thousand tenants at once would stop the process. */
  async function* slices(first: string, lines: readonly Place[]): AsyncGenerator<Uint8Array> {
    const mac = createHmac("sha256", macKey);
    let parts: Uint8Array[] = [Buffer.from(first)];
    let bytes = first.length;
    for (const line of lines) {
      parts.push(bytesAt(line));
      bytes += line.end - line.start;
      if (bytes < sliceBytes) continue;
      const slice = Buffer.concat(parts);
      mac.update(slice);
      yield slice;
      [parts, bytes] = [[], 0];
    }
    const rest = Buffer.concat(parts);
    mac.update(rest);
    yield Buffer.concat([rest, Buffer.from(`${JSON.stringify({ mac: mac.digest("base64url") })}\n`)]);
  }

  return {
    async load() {
      const file = await readFile(stateFile).catch(ignoreMissing);
      if (file === undefined) return undefined;
      try {
        return parse(file, macKey, newTenants());
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
      // Now, as tenants go on changing while the slices are written.
      await writeFileAtomic(stateFile, slices(`${JSON.stringify(first)}\n`, state.tenants.lines()));
    },
    newTenants,
    // The file's own time, so that a heartbeat does not cost writing a hundred thousand tenants again.
    touch: () => utimes(stateFile, now() / 1000, now() / 1000).catch(ignoreMissing),
    confirmedAt: async () => (await stat(stateFile).catch(ignoreMissing))?.mtimeMs,
  };
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function parse(file: Buffer, macKey: Uint8Array, tenants: PackedTenants): SnapshotDraft {
  const cut = file.lastIndexOf(lineFeed, -2) + 1;
  const body = file.subarray(0, cut);
  const { mac } = tail.Parse(JSON.parse(file.toString("utf8", cut)));
  const given = Buffer.from(mac, "base64url");
  const expected = createHmac("sha256", macKey).update(body).digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new TypeError("the MAC does not match");

  const headEnd = body.indexOf(lineFeed) + 1;
  const { version, upstreams, revokedSessions } = head.Parse(JSON.parse(body.toString("utf8", 0, headEnd)));
  for (let at = headEnd; at < body.length; ) {
    const end = body.indexOf(lineFeed, at) + 1;
    tenants.putLine(body.subarray(at, end));
    at = end;
  }
  const state = emptySnapshot(version, tenants);
  for (const upstream of upstreams) state.upstreams.set(upstream.id, upstream);
  for (const { jti, until } of revokedSessions) state.revokedSessions.set(jti, until);
  return state;
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
