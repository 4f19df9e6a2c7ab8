import { LIMITS } from "@endcap/protocol";
import { Counter, type Registry } from "prom-client";
import type { NonceStore, OwnNonceStore } from "../auth/nonce-store.ts";
import type { Redis } from "./redis.ts";

/** Longest that a request waits to hear whether another gateway has seen its nonce. */
const waitMsMax = 5;
/** After one that waited in vain, nobody waits for so long: a slow Redis must not cost every request five milliseconds. */
const pauseMs = 200;

/**
 * A nonce is new when neither this gateway nor, as far as Redis answers in time, any other has seen it. Without an answer
 * the gateway's own memory decides.
 */
export function shareNonces(own: OwnNonceStore, redis: Redis, registry: Registry): NonceStore {
  const unshared = new Counter({
    name: "endcap_nonces_unshared_total",
    help: "nonces that were held against this gateway's own memory alone, for want of an answer from Redis",
    registers: [registry],
  });
  let pausedUntil = 0;

  function ask(keyId: string, nonce: string, msToLive: number): Promise<boolean> {
    return new Promise((resolve) => {
      const alone = () => {
        unshared.inc();
        pausedUntil = performance.now() + pauseMs;
        resolve(true);
      };
      // Past what the sockets brought meanwhile: a late event loop must not pass for a late Redis.
      let late: NodeJS.Immediate | undefined;
      const timer = setTimeout(() => {
        late = setImmediate(alone);
      }, waitMsMax);
      const stop = () => {
        clearTimeout(timer);
        clearImmediate(late);
      };
      redis.setIfAbsent(`endcap:nonce:${keyId}:${nonce}`, msToLive).then(
        (isNew) => {
          stop();
          resolve(isNew);
        },
        () => {
          stop();
          alone();
        },
      );
    });
  }

  return {
    use(keyId, nonce, created, now) {
      if (!own.use(keyId, nonce, created, now)) return false;
      if (!redis.ready || performance.now() < pausedUntil) {
        unshared.inc();
        return true;
      }
      return ask(keyId, nonce, Math.max(1, created + LIMITS.signatureSkewMs - now));
    },
  };
}
