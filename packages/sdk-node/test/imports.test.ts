import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { importParts } from "../src/imports/parts.ts";
import type { ImportLine, ImportProgress } from "../src/index.ts";
import { client, credentials, Time } from "./support/client.ts";
import { type Answer, type Handler, startServer, type TestServer } from "./support/server.ts";

let server: TestServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

const line = (n: number): ImportLine => ({ delete: `item-${n}` });
async function* lines(count: number): AsyncGenerator<ImportLine> {
  for (let n = 0; n < count; n++) yield line(n);
}

/** Keeps parts as the collector does: atomic, idempotent by number, 409 for other bytes. */
class FakeImport {
  readonly parts = new Map<number, string>();
  completed: number | undefined;
  /** Lines to refuse, by their text. */
  readonly bad = new Set<string>();

  readonly handle: Handler = (request): Answer => {
    const put = /^\/v1\/imports\/hist-1\/parts\/(\d+)$/.exec(request.target);
    if (put) return this.#put(Number(put[1]), gunzipSync(request.body).toString(), request.headers["content-type"]);
    if (request.method === "GET") {
      if (this.parts.size === 0) return { status: 404, body: { code: "import_not_found" } };
      let firstMissingPart = 1;
      while (this.parts.has(firstMissingPart)) firstMissingPart++;
      return { body: { completed: this.completed !== undefined, firstMissingPart, partsStored: this.parts.size } };
    }
    this.completed = (JSON.parse(request.body.toString()) as { parts: number }).parts;
    return { body: { completed: true } };
  };

  #put(part: number, text: string, contentType: string | undefined): Answer {
    if (contentType !== "application/gzip") return { status: 415, body: { code: "content_type_unsupported" } };
    const stored = this.parts.get(part);
    if (stored !== undefined && stored !== text) return { status: 409, body: { code: "import_part_changed" } };
    this.parts.set(part, text);
    const all = text.trimEnd().split("\n");
    const faults = all.flatMap((each, i) => (this.bad.has(each) ? [{ line: i + 1, code: "line_invalid" }] : []));
    const deletes = all.length - faults.length;
    return {
      body: { part, duplicate: stored !== undefined, events: 0, items: 0, deletes, rejected: faults.length, faults },
    };
  }

  /** All lines, in part order. */
  get text(): string {
    return [...this.parts.entries()]
      .sort(([a], [b]) => a - b)
      .map(([, text]) => text)
      .join("");
  }
}

const allLines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify(line(n))}\n`).join("");

test("a source goes in whole, in parts, with progress, and is completed", async () => {
  const fake = new FakeImport();
  server = await startServer(credentials, fake.handle);
  const progress: ImportProgress[] = [];
  const result = await client(server.endpoint).imports.run("hist-1", lines(5000), {
    partBytesMax: 10_000,
    concurrency: 3,
    onProgress: (now) => progress.push(now),
  });
  expect(fake.text).toBe(allLines(5000));
  expect(result).toMatchObject({ lines: 5000, deletes: 5000, rejected: 0, partsSkipped: 0, faults: [] });
  expect(fake.completed).toBe(result.parts);
  expect(progress.at(-1)).toMatchObject({ lines: 5000, parts: result.parts });
  expect(server.faults).toEqual([]);
});

test("after a failure the same run goes on at the first missing part", async () => {
  const fake = new FakeImport();
  server = await startServer(credentials, (request, count) =>
    request.method === "PUT" && fake.parts.size >= 4
      ? { status: 501, body: { code: "x" } }
      : fake.handle(request, count),
  );
  const endcap = client(server.endpoint, { after: new Time().after });
  const options = { partBytesMax: 5000, concurrency: 1 };
  await expect(endcap.imports.run("hist-1", lines(2000), options)).rejects.toMatchObject({ status: 501 });
  expect(fake.completed).toBeUndefined();
  server.handle = fake.handle;
  server.requests.length = 0;
  const result = await endcap.imports.run("hist-1", lines(2000), options);
  expect(result.partsSkipped).toBe(4);
  expect(server.requests.some(({ target }) => target.endsWith("/parts/4"))).toBe(false);
  expect(fake.text).toBe(allLines(2000));
  server.requests.length = 0;
  expect((await endcap.imports.run("hist-1", lines(2000), options)).lines).toBe(2000);
  expect(server.requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("refused lines come back by their number in the source", async () => {
  const fake = new FakeImport();
  for (const n of [0, 700, 1999]) fake.bad.add(JSON.stringify(line(n)));
  server = await startServer(credentials, fake.handle);
  const result = await client(server.endpoint).imports.run("hist-1", lines(2000), { partBytesMax: 3000 });
  expect(result.rejected).toBe(3);
  expect(result.faults).toEqual([1, 701, 2000].map((number) => ({ line: number, code: "line_invalid" })));
});

test("by hand: lines, NDJSON bytes, or gzip as it is", async () => {
  const fake = new FakeImport();
  server = await startServer(credentials, fake.handle);
  const imported = client(server.endpoint).imports.open("hist-1");
  expect(await imported.state()).toMatchObject({ firstMissingPart: 1, completed: false });
  await imported.putPart(1, [line(0)]);
  await imported.putPart(2, new TextEncoder().encode(`${JSON.stringify(line(1))}\n`));
  await imported.putPart(3, new Uint8Array(gzipSync(`${JSON.stringify(line(2))}\n`)));
  await imported.complete(3);
  expect(fake.text).toBe(allLines(3));
  await expect(imported.putPart(0, [line(0)])).rejects.toThrow(RangeError);
});

test("the source is closed when a part fails", async () => {
  server = await startServer(credentials, () => ({ status: 403, body: { code: "scope_missing" } }));
  let closed = false;
  async function* endless(): AsyncGenerator<ImportLine> {
    try {
      for (let n = 0; ; n++) yield line(n);
    } finally {
      closed = true;
    }
  }
  const endcap = client(server.endpoint);
  await expect(endcap.imports.open("hist-1").run(endless(), { partBytesMax: 1000 })).rejects.toMatchObject({
    code: "scope_missing",
  });
  server.handle = (request) =>
    request.method === "GET" ? { body: { firstMissingPart: 1 } } : { status: 403, body: { code: "scope_missing" } };
  await expect(endcap.imports.open("hist-1").run(endless(), { partBytesMax: 1000 })).rejects.toThrow();
  expect(closed).toBe(true);
});

test("parts hold every line once, within the bound, and cut the same in every run", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", maxLength: 80 }), { maxLength: 80 }),
      fc.integer({ min: 1, max: 600 }),
      async (ids, max) => {
        const source: ImportLine[] = ids.map((id) => ({ delete: id }));
        const read = async () => {
          const parts: string[] = [];
          let before = 0;
          for await (const part of importParts(source, max)) {
            expect(part.part).toBe(parts.length + 1);
            expect(part.linesBefore).toBe(before);
            before += part.lines;
            if (part.lines > 1) expect(part.bytes.length).toBeLessThanOrEqual(max);
            parts.push(new TextDecoder().decode(part.bytes));
          }
          return parts;
        };
        const first = await read();
        expect(first.join("")).toBe(source.map((each) => `${JSON.stringify(each)}\n`).join(""));
        expect(await read()).toEqual(first);
      },
    ),
  );
});
