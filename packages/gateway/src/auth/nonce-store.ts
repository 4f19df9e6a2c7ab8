import { LIMITS } from "@endcap/protocol";

export interface NonceStoreOptions {
  /** Nonces remembered for one key. Past it the oldest are forgotten: a replay then changes nothing, it only counts. */
  readonly perKeyMax: number;
  /** Told how many were forgotten early. */
  readonly onForgotten?: (count: number) => void;
}

export interface NonceStore {
  /** True the first time. `created` in Unix ms: the signature's own time, after which it is honoured for 300 s. */
  use(keyId: string, nonce: string, created: number, now: number): boolean | Promise<boolean>;
}

/** A store that asks nobody else. */
export interface OwnNonceStore extends NonceStore {
  use(keyId: string, nonce: string, created: number, now: number): boolean;
}

const bucketMs = 60_000;

interface KeyNonces {
  /** By the minute in which they end, oldest first. */
  readonly buckets: Map<number, Set<string>>;
  count: number;
}

/**
 * Remembers a nonce as long as its signature would still be honoured, in sets by minute, so that forgetting is dropping
 * a set and not a walk.
 */
export function createNonceStore({ perKeyMax, onForgotten }: NonceStoreOptions): OwnNonceStore {
  const keys = new Map<string, KeyNonces>();

  function forget(nonces: KeyNonces, bucket: number): number {
    const size = nonces.buckets.get(bucket)?.size ?? 0;
    nonces.buckets.delete(bucket);
    nonces.count -= size;
    return size;
  }

  function prune(nonces: KeyNonces, now: number): void {
    for (const bucket of [...nonces.buckets.keys()].sort((a, b) => a - b)) {
      if ((bucket + 1) * bucketMs <= now) forget(nonces, bucket);
      else if (nonces.count < perKeyMax) return;
      else onForgotten?.(forget(nonces, bucket));
    }
  }

  let sweptAt = 0;
  /** Keys that fell silent would keep their nonces for ever. */
  function sweep(now: number): void {
    if (now - sweptAt < bucketMs) return;
    sweptAt = now;
    for (const [keyId, nonces] of keys) {
      prune(nonces, now);
      if (nonces.count === 0) keys.delete(keyId);
    }
  }

  return {
    use(keyId, nonce, created, now) {
      sweep(now);
      let nonces = keys.get(keyId);
      if (nonces === undefined) {
        nonces = { buckets: new Map(), count: 0 };
        keys.set(keyId, nonces);
      }
      const bucket = Math.floor((created + LIMITS.signatureSkewMs) / bucketMs);
      if (nonces.buckets.get(bucket)?.has(nonce)) return false;
      if (nonces.count >= perKeyMax) prune(nonces, now);
      let set = nonces.buckets.get(bucket);
      if (set === undefined) {
        set = new Set();
        nonces.buckets.set(bucket, set);
      }
      set.add(nonce);
      nonces.count += 1;
      return true;
    },
  };
}
