import { type Stats, unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { importJWK, type JWK } from "jose";
import Type, { type Static } from "typebox";
import { Value } from "typebox/value";

const Keys = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.Literal("OKP"),
      crv: Type.Literal("Ed25519"),
      kid: Type.String(),
      x: Type.String(),
      /** Tenants this gateway group may speak for: `*`, or the one tenant of a dedicated group. Absent: `*`. */
      tenants: Type.Optional(Type.String()),
    }),
  ),
});

export interface GroupKey {
  readonly key: Awaited<ReturnType<typeof importJWK>>;
  readonly tenants: string;
}

export interface JwksFile {
  /** The public key of a gateway group. Reads the file when it was never read, or changed. */
  find(group: string): Promise<GroupKey | undefined>;
  close(): void;
}

const pollMs = 1_000;

/**
 * The public keys of all gateway groups, from a file that control replaces as a whole. The file is polled, not watched
 * by inode: a rename, a missing file at start and a Kubernetes Secret's symlink swap all look the same to a poll.
 * A damaged file leaves the keys that were there.
 */
export function openJwksFile(path: string, onChange: () => void, onFault?: (error: unknown) => void): JwksFile {
  let keys: Promise<ReadonlyMap<string, GroupKey>> | undefined;

  function reload(): Promise<ReadonlyMap<string, GroupKey>> {
    const previous = keys;
    keys = read(path).catch((error: unknown) => {
      onFault?.(error);
      return previous ?? new Map();
    });
    return keys;
  }

  const changed = (now: Stats, before: Stats) => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size) return;
    void reload().then(onChange);
  };
  watchFile(path, { interval: pollMs, persistent: false }, changed);

  let lastMissAt = 0;
  return {
    async find(group) {
      const found = (await (keys ?? reload())).get(group);
      // A new group's first token may arrive before the next poll. Strangers cannot make us read faster than the poll.
      if (found !== undefined || performance.now() - lastMissAt < pollMs) return found;
      lastMissAt = performance.now();
      return (await reload()).get(group);
    },
    close() {
      unwatchFile(path, changed);
    },
  };
}

async function read(path: string): Promise<ReadonlyMap<string, GroupKey>> {
  const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Value.Check(Keys, parsed)) throw new TypeError("the key file is no JWKS of Ed25519 keys");
  const entries = (parsed satisfies Static<typeof Keys>).keys.map(async ({ tenants = "*", ...jwk }) => {
    return [jwk.kid, { key: await importJWK(jwk satisfies JWK, "EdDSA"), tenants }] as const;
  });
  return new Map(await Promise.all(entries));
}
