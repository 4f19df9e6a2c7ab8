import { gzipSync } from "node:zlib";
import { EndcapError } from "@endcap/protocol";
import { array, assert, asyncProperty, nat, property, record, string, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { splitFrames } from "../src/events/frames.ts";
import { linesOf, unpack } from "../src/imports/gzip-lines.ts";
import { coalesce } from "./support/collector.ts";

const parts = array(
  record({ p: record({ any: string() }), r: string({ maxLength: 20 }), payload: uint8Array({ maxLength: 200 }) }),
  {
    minLength: 1,
    maxLength: 20,
  },
);

test("whatever bytes the payloads hold, the frames give them back", async () => {
  await assert(
    property(parts, (given) => {
      const frames = splitFrames(coalesce(given));
      expect(frames.map(({ requestId }) => requestId)).toEqual(given.map(({ r }) => r));
      expect(frames.map(({ payload }) => [...payload])).toEqual(given.map(({ payload }) => [...payload]));
    }),
  );
});

test("a damaged request is refused by its code or splits into other frames, and never breaks the process", async () => {
  await assert(
    property(parts, nat(), nat(255), (given, place, byte) => {
      const body = coalesce(given);
      body[place % body.length] = byte;
      try {
        splitFrames(body);
      } catch (error) {
        expect(error).toBeInstanceOf(EndcapError);
      }
    }),
    { numRuns: 500 },
  );
});

test("the lines of a part are those of its text, wherever its chunks are cut", async () => {
  const line = array(
    uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10))),
    { maxLength: 30 },
  );
  await assert(
    asyncProperty(line, array(nat(40), { maxLength: 40 }), async (given, cuts) => {
      const text = Buffer.concat(given.flatMap((each) => [each, Buffer.from("\n")]));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(text.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(text.subarray(at));
      const read: Buffer[] = [];
      for await (const lines of linesOf(chunks)) for (const each of lines) if (each) read.push(each);
      expect(read.map((each) => each.toString("hex"))).toEqual(given.map((each) => each.toString("hex")));
    }),
  );
});

test("a line of many megabytes is passed over and its neighbours are read", async () => {
  const text = Buffer.concat([Buffer.from("first\n"), Buffer.alloc(5_000_000, 0x61), Buffer.from("\nlast")]);
  const lines: (string | undefined)[] = [];
  for await (const some of linesOf(await unpack(gzipSync(text)))) lines.push(...some.map((line) => line?.toString()));
  expect(lines).toEqual(["first", undefined, "last"]);
});
