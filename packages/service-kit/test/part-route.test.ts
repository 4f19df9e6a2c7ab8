import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import {
  AnsweredPartHeader,
  EndcapError,
  LastPartsHeader,
  LIMITS,
  PARTS_CONTENT_TYPE,
  type Principal,
} from "@endcap/protocol";
import { Value } from "typebox/value";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createInternalIssuer,
  type Frame,
  FrameReader,
  internalAuth,
  type Part,
  type PartReply,
  partRoute,
} from "../src/index.ts";
import { writeGroupKeys } from "./support/keys.ts";
import { testService } from "./support/service.ts";
import { tempDir } from "./support/temp-dir.ts";

const acorn = "tnt-aaaaaaaaaaaaaaaa";
const birch = "tnt-bbbbbbbbbbbbbbbb";
const path = "/internal/v1/things";

/** A part in the hands of the test. */
interface Asked {
  readonly part: Part;
  answer(reply: Omit<PartReply, "status">): void;
  fail(error: Error): void;
}

async function start({ tenant, tokenTenants = "*" }: { tenant?: string; tokenTenants?: string } = {}) {
  const files = writeGroupKeys(tempDir());
  const { service } = testService();
  const asked = new Map<string, Asked>();
  const clock = { offsetMs: 0 };
  const observed: number[] = [];
  service.app.register(internalAuth, { audience: "ml", jwksFile: files.jwksFile });
  service.app.after(() =>
    partRoute(service.app, {
      path,
      payloadBytesMax: 1_000,
      tenant,
      answer: (part) => {
        const { promise, resolve, reject } = Promise.withResolvers<PartReply>();
        asked.set(part.requestId, { part, answer: (reply) => resolve({ status: 200, ...reply }), fail: reject });
        return promise;
      },
      observe: (status) => observed.push(status),
      now: () => Date.now() + clock.offsetMs,
    }),
  );
  const { url } = await service.listen();
  const issuer = await createInternalIssuer({
    keyFile: files.keyFile,
    group: "shared",
    audience: ["ml"],
    tenants: tokenTenants,
  });

  /** Opens a request, and resolves when its answer has begun. */
  async function open() {
    const headers = { authorization: `Bearer ${await issuer.token()}`, "content-type": PARTS_CONTENT_TYPE };
    const client: ClientRequest = request(url + path, { method: "POST", headers });
    client.on("error", () => undefined);
    onTestFinished(() => void client.destroy());
    client.flushHeaders();
    const [answer] = (await once(client, "response")) as [IncomingMessage];
    const frames: Frame[] = [];
    const reader = new FrameReader(1_000_000);
    const { promise: ended, resolve: end } = Promise.withResolvers<"ended" | "broken">();
    answer.on("data", (chunk: Buffer) => frames.push(...reader.push(chunk)));
    answer.on("error", () => undefined);
    answer.once("close", () => end(answer.complete ? "ended" : "broken"));
    const send = (header: object, payload = "") =>
      client.write(`${JSON.stringify({ n: Buffer.byteLength(payload), ...header })}\n${payload}\n`);
    return {
      frames,
      ended,
      client,
      send,
      ask: (r: string, payload = "{}", p: unknown = principal()) => send({ p, r }, payload),
      leave: (r: string) => send({ r, x: true }),
      /** Request ids and statuses, in the order in which they were answered. */
      answers: () => frames.map(({ header }) => [header.r, header.s]),
    };
  }
  const part = (r: string) =>
    expect
      .poll(() => asked.get(r)?.part.requestId)
      .toBe(r)
      .then(() => asked.get(r) as Asked);
  return { service, asked, clock, observed, open, part };
}

const principal = (tenant = acorn): Principal => ({
  tenant,
  env: "live",
  tier: "standard",
  scope: [],
  auth: "sk",
  key: "k",
});
const codeIn = (frame: Frame | undefined): unknown => JSON.parse(frame?.payload.toString() ?? "{}").code;

describe("an open request", () => {
  it("takes parts one after the other, and answers each as soon as it is made: a slow one holds nobody", async () => {
    const { open, part, observed } = await start();
    const line = await open();
    line.send({ p: principal(), r: "slow", d: 70, t: "00-a", ts: "b=1" }, '{"a":"ä"}');
    line.ask("quick");
    (await part("quick")).answer({ body: '{"b":"ö\\n"}' });
    await expect.poll(line.answers).toEqual([["quick", 200]]);
    expect(line.frames[0]?.payload.toString()).toBe('{"b":"ö\\n"}');
    const slow = await part("slow");
    expect(slow.part).toMatchObject({
      principal: principal(),
      deadlineMs: 70,
      traceparent: "00-a",
      tracestate: "b=1",
    });
    expect(slow.part.payload.toString()).toBe('{"a":"ä"}');
    slow.answer({ body: "{}" });
    await expect.poll(line.answers).toEqual([
      ["quick", 200],
      ["slow", 200],
    ]);
    expect(observed).toEqual([200, 200]);
    line.client.end();
    expect(await line.ended).toBe("ended");
  });

  it("a part that fails, and one that is refused, are answered so alone", async () => {
    const { open, part } = await start();
    const line = await open();
    for (const r of ["bad", "broken", "good"]) line.ask(r);
    (await part("bad")).fail(new EndcapError("filter_invalid", { detail: "No." }));
    (await part("broken")).fail(new TypeError("a secret of the house"));
    (await part("good")).answer({ body: "{}" });
    await expect.poll(() => line.frames.length).toBe(3);
    expect(new Map(line.frames.map((frame) => [frame.header.r, codeIn(frame)]))).toEqual(
      new Map([
        ["bad", "filter_invalid"],
        ["broken", "internal"],
        ["good", undefined],
      ]),
    );
    expect(line.frames.map(({ payload }) => payload.toString()).join("")).not.toContain("secret");
  });

  it("a part that is given up is told so, is not answered and passes for unwritten; its neighbour is as it was", async () => {
    const { open, part } = await start();
    const line = await open();
    line.ask("leaves");
    line.ask("stays");
    const [leaves, stays] = [await part("leaves"), await part("stays")];
    const written: string[] = [];
    line.leave("leaves");
    await once(leaves.part.gone, "abort");
    leaves.answer({ body: "{}", written: () => written.push("leaves") });
    stays.answer({ body: "{}", written: () => written.push("stays") });
    await expect.poll(() => written).toEqual(["stays"]);
    expect(stays.part.gone.aborted).toBe(false);
    expect(line.answers()).toEqual([["stays", 200]]);
  });

  it("a connection that breaks ends all its parts, and none of them passes for written", async () => {
    const { open, part } = await start();
    const [line, other] = [await open(), await open()];
    line.ask("a");
    line.ask("b");
    other.ask("c");
    const [a, b, c] = [await part("a"), await part("b"), await part("c")];
    const written: string[] = [];
    line.client.destroy();
    await Promise.all([once(a.part.gone, "abort"), once(b.part.gone, "abort")]);
    for (const [r, each] of Object.entries({ a, b, c })) each.answer({ body: "{}", written: () => written.push(r) });
    await expect.poll(() => written).toEqual(["c"]);
    await turn();
    expect(written).toEqual(["c"]);
  });

  it("a tenant outside the token's, or this process's own, is refused alone; its neighbours are served", async () => {
    const mine = await start({ tokenTenants: acorn });
    const own = await start({ tenant: acorn });
    for (const { open, part } of [mine, own]) {
      const line = await open();
      line.ask("strange", "{}", principal(birch));
      line.ask("nobody", "{}", { tenant: acorn });
      line.ask("ours");
      (await part("ours")).answer({ body: "{}" });
      await expect.poll(() => line.frames.length).toBe(3);
      expect(new Map(line.answers() as [string, number][])).toEqual(
        new Map([
          ["strange", 403],
          ["nobody", 400],
          ["ours", 200],
        ]),
      );
    }
    expect(mine.asked.has("strange") || own.asked.has("strange")).toBe(false);
  });

  it("no part is let in by a token that has ended since", async () => {
    const { open, clock } = await start();
    const line = await open();
    clock.offsetMs = LIMITS.internalTokenMs + 1_000;
    line.ask("late");
    await expect.poll(line.answers).toEqual([["late", 401]]);
  });

  it("parts past the bound are refused, and there is room again when others are done", async () => {
    const { open, part } = await start();
    const line = await open();
    for (let n = 0; n <= LIMITS.coalescedPartsMax; n += 1) line.ask(`r${n}`);
    await expect.poll(line.answers).toEqual([[`r${LIMITS.coalescedPartsMax}`, 503]]);
    (await part("r0")).answer({ body: "{}" });
    await expect.poll(() => line.frames.length).toBe(2);
    line.ask("more");
    (await part("more")).answer({ body: "{}" });
    await expect.poll(() => line.answers().at(-1)).toEqual(["more", 200]);
  });

  it.each([
    ["no frame", "garbage\n"],
    ["a part past its bound", `{"r":"a","n":1001}\n${"x".repeat(1001)}\n`],
    ["a part without an id", '{"n":0}\n\n'],
    ["an id that would end its line", '{"r":"a\\"}","n":0}\n\n'],
  ])("that brings %s is broken off, and another one is not", async (_what, bytes) => {
    const { open, part } = await start();
    const [line, other] = [await open(), await open()];
    line.client.write(bytes);
    expect(await line.ended).toBe("broken");
    other.ask("fine");
    (await part("fine")).answer({ body: "{}" });
    await expect.poll(other.answers).toEqual([["fine", 200]]);
  });

  it("when the service closes: it says so, answers what it has, and then ends", async () => {
    const { open, part, service } = await start();
    const line = await open();
    line.ask("before");
    const before = await part("before");
    const closed = service.close();
    await expect.poll(() => line.frames.map(({ header }) => header.last)).toEqual([true]);
    // On its way when the word came.
    line.ask("crossing");
    (await part("crossing")).answer({ body: "{}" });
    line.client.end();
    before.answer({ body: "{}" });
    expect(await line.ended).toBe("ended");
    expect(line.frames.map(({ header }) => Value.Check(LastPartsHeader, header))).toEqual([true, false, false]);
    expect(line.frames.map(({ header }) => Value.Check(AnsweredPartHeader, header))).toEqual([false, true, true]);
    expect(line.answers().slice(1)).toEqual([
      ["crossing", 200],
      ["before", 200],
    ]);
    await closed;
  });
});
