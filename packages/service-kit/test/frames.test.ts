import { LIMITS } from "@endcap/protocol";
import { array, assert, nat, property, record, string, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameError, FrameReader } from "../src/index.ts";

interface Given {
  readonly r: string;
  readonly payload: Uint8Array;
}

const given = array(record({ r: string({ maxLength: 20 }), payload: uint8Array({ maxLength: 200 }) }), {
  minLength: 1,
  maxLength: 20,
});

const written = (parts: readonly Given[]): Buffer =>
  Buffer.concat(
    parts.flatMap(({ r, payload }) => [
      Buffer.from(`${JSON.stringify({ r, n: payload.length })}\n`),
      payload,
      Buffer.from("\n"),
    ]),
  );

/** All frames of the bytes, handed over in pieces of these lengths. */
function read(bytes: Buffer, cuts: readonly number[]) {
  const reader = new FrameReader(1_000);
  const frames = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    frames.push(...reader.push(bytes.subarray(at, at + cut)));
    at = Math.min(bytes.length, at + cut);
  }
  return frames;
}

describe("frames", () => {
  it("come back as they were written, whatever their payloads hold and wherever the bytes are cut", async () => {
    await assert(
      property(given, array(nat(60), { maxLength: 60 }), (parts, cuts) => {
        const frames = read(written(parts), cuts);
        expect(frames.map(({ header }) => header.r)).toEqual(parts.map(({ r }) => r));
        expect(frames.map(({ payload }) => [...payload])).toEqual(parts.map(({ payload }) => [...payload]));
      }),
    );
  });

  it("that are damaged are refused or are other frames, and never end the process", async () => {
    await assert(
      property(given, nat(), nat(255), (parts, place, byte) => {
        const bytes = written(parts);
        bytes[place % bytes.length] = byte;
        try {
          read(bytes, [1, 2, 3]);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["no JSON", "x\n"],
    ["no object", "7\n"],
    ["no length", '{"r":"a"}\n'],
    ["a negative length", '{"n":-1}\n'],
    ["a broken length", '{"n":1.5}\n'],
    ["a payload past the bound", '{"n":1001}\n'],
    ["a payload that goes on", '{"n":1}\nab'],
    ["a header without an end", "x".repeat(LIMITS.internalHeaderBytesMax)],
  ])("with %s are refused", (_what, text) => {
    expect(() => new FrameReader(1_000).push(Buffer.from(text))).toThrow(FrameError);
  });
});
