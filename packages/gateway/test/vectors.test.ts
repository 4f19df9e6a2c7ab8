import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";
import { readHmac } from "./vector-readers/hmac.ts";
import { readHttp } from "./vector-readers/http.ts";
import { readJose } from "./vector-readers/jose.ts";
import { readJson } from "./vector-readers/json.ts";
import type { VectorReader } from "./vector-readers/reader.ts";

/** By the name of a folder of vectors, our own beside this file or a third party's in ../shared/vectors. */
const readers: Readonly<Record<string, VectorReader>> = {
  hmac: readHmac,
  http: readHttp,
  jose: readJose,
  json: readJson,
};

/** Folders that are read by other tests, or that nothing in this repository verifies yet. */
const elsewhere: Readonly<Record<string, string>> = {
  rfc9421: "packages/protocol/test/http-signature.test.ts",
  "wpt-cors": "packages/protocol/test/envelope.test.ts",
  sigv4: "no signer of ours yet",
};

const own = fileURLToPath(new URL("vectors/", import.meta.url));
const shared = fileURLToPath(new URL("../../../../shared/vectors/", import.meta.url));
const edge = await startEdge([newShop()], { ENDCAP_GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "100000" });

function folders(root: string): string[] {
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== "wrong").map(({ name }) => name);
}

function readerOf(folder: string): VectorReader {
  const reader = readers[folder];
  if (reader === undefined) {
    const known = [...Object.keys(readers), ...Object.keys(elsewhere)].join(", ");
    throw new Error(`no reader for vectors/${folder}; there are readers for ${known}`);
  }
  return reader;
}

async function faultsOf(root: string, folder: string): Promise<string[]> {
  const read = readerOf(folder);
  const files = globSync("**/*.json", { cwd: join(root, folder) }).sort();
  if (files.length === 0) return [`${folder} holds no .json file`];
  const faults: string[] = [];
  for (const file of files) {
    const bytes = readFileSync(join(root, folder, file));
    const told = await read({ name: basename(file), bytes }, edge);
    faults.push(...told.map((fault) => `${folder}/${file}: ${fault}`));
  }
  return faults;
}

const all = [own, shared].flatMap((root) => folders(root).map((folder) => ({ root, folder })));

it.each(all.filter(({ folder }) => !Object.hasOwn(elsewhere, folder)))("$folder in $root", async ({ root, folder }) => {
  expect(await faultsOf(root, folder)).toEqual([]);
});

describe("the readers", () => {
  it.each(Object.keys(readers))("%s: wrong vectors are told", async (folder) => {
    expect(await faultsOf(join(own, "wrong"), folder)).not.toEqual([]);
  });

  it("a folder that nobody reads is an error that says who reads what", () => {
    expect(() => readerOf("cbor")).toThrow("no reader for vectors/cbor; there are readers for hmac, http, jose, json");
  });
});
