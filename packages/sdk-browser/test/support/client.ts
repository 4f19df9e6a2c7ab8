/** A client on a storage and a clock of the test's. */
import { randomBytes } from "node:crypto";
import { createClient, type Endcap, type Platform } from "../../src/core/client.ts";
import { TestStorage } from "./storage.ts";

const KEY = "pk_live_aaaaaaaaaaaaaaaaaaaa2222";

const random: Platform["random"] = (bytes) => {
  bytes.set(randomBytes(bytes.length));
  return bytes;
};

export function client(endpoint: string, storage: Storage = new TestStorage(), now = () => Date.now()): Endcap {
  const platform = { storage: () => storage, locks: undefined, now, random };
  return createClient({ key: KEY, endpoint }, platform, {
    session: () => import("../../src/session/chunk.ts"),
    recommendations: () => import("../../src/recommendations/chunk.ts"),
  });
}
