import type { Principal } from "@endcap/protocol";
import { FrameReader, partFrame, writeFrames } from "@endcap/service-kit";
import { Pool } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { PrincipalText } from "../src/auth/caller.ts";
import { readPartAnswers } from "../src/forward/part-answers.ts";
import { createParts, type PartDone } from "../src/forward/parts.ts";
import { Breaker } from "../src/upstreams/breaker.ts";
import { RetryBudget } from "../src/upstreams/retry-budget.ts";
import { partsIn, respondToParts, startRawUpstream } from "./support/raw-upstream.ts";

it("a principal in any script travels in a part's header and comes out as it was", () => {
  const principal: Principal = {
    tenant: "tnt-aaaaaaaaaaaaaaaa",
    env: "live",
    tier: "standard",
    scope: [],
    auth: "ec1",
    key: "k",
    userId: 'Łódź "日本" 🛒 \u2028 \u007f \ud800',
  };
  const text = new PrincipalText(principal);
  const payload = Buffer.from('{"note":"żółw"}');
  const frames = new FrameReader(1_000).push(
    writeFrames([partFrame(text.partHead, "r1", payload), partFrame(text.partHead, "r2", payload)]),
  );
  expect(frames.map(({ header: { p, r }, payload: body }) => [p, r, body.toString()])).toEqual([
    [principal, "r1", payload.toString()],
    [principal, "r2", payload.toString()],
  ]);
});

it("who leaves before its part has left is never asked for, nor told of", async () => {
  const asked: string[] = [];
  let received = "";
  const raw = await startRawUpstream((socket, bytes) => {
    received += bytes;
    asked.push(...partsIn(bytes));
    respondToParts(socket, bytes, 200, {});
  });
  const pool = new Pool(raw.url);
  const parts = createParts({
    path: "/internal/v1/recommendation-parts",
    issuer: { token: async () => "token" },
    answerBytesMax: 1_000,
    answerMsMax: 5_000,
  });
  onTestFinished(async () => {
    parts.close();
    await pool.destroy();
  });
  const breaker = new Breaker({ monotonic: () => performance.now(), random: Math.random, onChange: () => undefined });
  const retries = new RetryBudget();
  const upstream = { id: "ml", kind: "ml", origin: raw.url, pool, breaker, retries, canary: undefined } as const;
  const principal = new PrincipalText({ tenant: "t", env: "live", tier: "standard", scope: [], auth: "sk", key: "k" });
  const ask = (requestId: string, done: PartDone) => {
    const payload = Buffer.from("{}");
    return parts.ask(
      upstream,
      { principal, requestId, payload, deadlineMs: 100, msMax: undefined, passage: null },
      done,
    );
  };
  const outcomes: string[] = [];
  const leave = ask("leaves", () => outcomes.push("leaves"));
  const stays = new Promise<void>((resolve) => {
    ask("stays", () => {
      outcomes.push("stays");
      resolve();
    });
  });
  leave();
  await stays;
  expect(asked).toEqual(["stays"]);
  expect(received).not.toContain("leaves");
  expect(outcomes).toEqual(["stays"]);
});

it("reads answers to parts in their order, and tells whether their text is ASCII", () => {
  const lines = ['{"r":"a","s":202,"b":{"accepted":1}}', '{"r":"b","s":400,"b":{"detail":"naïve"}}'];
  const read = (text: string, ...ids: string[]) => readPartAnswers(Buffer.from(`${text}\n`), ids);
  expect(read(lines.join("\n"), "a", "b")).toEqual([
    { status: 202, body: { accepted: 1 }, text: '{"accepted":1}', isAscii: false },
    { status: 400, body: { detail: "naïve" }, text: '{"detail":"naïve"}', isAscii: false },
  ]);
  expect(read(lines[0] ?? "", "a")).toMatchObject([{ text: '{"accepted":1}', isAscii: true }]);
  // Spelled in another way it is written anew, in which an escaped letter is none of ASCII.
  expect(read('{"r":"a", "s":202,"b":{"x":"\\u00ef"}}', "a")).toMatchObject([{ text: '{"x":"ï"}', isAscii: false }]);
});

it.each([99, 100, 600, 202.5, -202, "202", null])("a part's answer with the status %j is none", (status) => {
  const line = Buffer.from(`{"r":"a","s":${JSON.stringify(status)},"b":{}}\n`);
  expect(() => readPartAnswers(line, ["a"])).toThrow(expect.objectContaining({ code: "upstream_invalid" }));
});
