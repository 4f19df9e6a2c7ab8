/**
 * A client never holds its process: what is queued leaves with `flush()`, or stays behind. In Node 20, Bun and Deno the
 * same file runs from the tarball (`npm run check -- runtimes`).
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { serveFake } from "./runtimes/fake-over-http.ts";

const ending = fileURLToPath(new URL("runtimes/ending.mjs", import.meta.url));
/** A process that is held is killed, and the test fails. */
const LIFE_MS_MAX = 30_000;

async function end(ends: string, endpoint: string, { key, secret }: { key: string; secret: string }): Promise<void> {
  const env = { ...process.env, ENDCAP_FIXTURE: JSON.stringify({ endpoint, key, secret, ends }) };
  await promisify(execFile)(process.execPath, [ending], { env, timeout: LIFE_MS_MAX });
}

test("a process that ends without a flush leaves its events behind", async () => {
  await using served = await serveFake();
  await end("without a flush", served.endpoint, served);
  expect(served.fake.events).toEqual([]);
});

test("after a flush everything has arrived, and no socket or timer holds the process", async () => {
  await using served = await serveFake();
  await end("after a flush", served.endpoint, served);
  expect(served.fake.events.map(({ items }) => items?.[0]?.id)).toEqual(["after a flush"]);
});

test("a flush that failed says what still waits, and trying again later holds nothing", async () => {
  await using served = await serveFake();
  // Nothing listens on the discard port.
  await end("after a flush that failed", "http://127.0.0.1:9", served);
  expect(served.fake.events).toEqual([]);
});
