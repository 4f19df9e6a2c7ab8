import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COALESCED_CONTENT_TYPE, encodePrincipal, PRINCIPAL_HEADER, type Principal } from "@endcap/protocol";
import { createInternalIssuer, type InternalIssuer } from "@endcap/service-kit";
import { openTables, type TableName, type TenantTable } from "@endcap/storage";
import { request } from "undici";
import { onTestFinished } from "vitest";
import { buildCollector } from "../../src/index.ts";

export const tenantA = `tnt-${"a".repeat(16)}`;
export const tenantB = `tnt-${"b".repeat(16)}`;

/** A directory with the keys of one gateway group and room for tables. */
export interface House {
  readonly dir: string;
  readonly jwksFile: string;
  readonly tables: string;
  issuer(options?: { audience?: "collector" | "ml"; tenants?: string; now?: () => number }): Promise<InternalIssuer>;
  /** Runs `work` on a table, by a handle of its own. */
  read<T>(name: TableName, work: (table: TenantTable) => Promise<T>): Promise<T>;
}

export function newHouse(): House {
  const dir = mkdtempSync(join(tmpdir(), "endcap-collector-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = join(dir, "shared.key");
  const jwksFile = join(dir, "jwks.json");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] }));
  mkdirSync(join(dir, "tenants"));
  const tables = `lmdb:${join(dir, "tenants")}`;
  return {
    dir,
    jwksFile,
    tables,
    issuer: ({ audience = "collector", tenants = "*", now = Date.now } = {}) =>
      createInternalIssuer({ keyFile, group: "shared", audience: [audience], tenants, now }),
    async read(name, work) {
      await using all = openTables(tables);
      await using table = await all.open(name);
      return await work(table);
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** `undefined` when the body is no JSON object. */
  readonly json: unknown;
}

export interface PartAnswer {
  readonly r: string;
  readonly s: number;
  readonly b: unknown;
}

export interface Part {
  readonly p: unknown;
  readonly payload: string | Uint8Array;
  readonly r?: string;
  /** Of the caller's address. */
  readonly a?: string;
}

export interface Collector {
  readonly url: string;
  readonly adminUrl: string;
  readonly house: House;
  call(method: "GET" | "PUT" | "POST" | "DELETE", path: string, options?: CallOptions): Promise<Answer>;
  /** POST /internal/v1/event-batches; the parts' answers in order. */
  send(...parts: Part[]): Promise<PartAnswer[]>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly principal?: Principal;
  readonly body?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Record<string, string>;
  /** `null`: none. */
  readonly token?: string | null;
}

export interface StartOptions {
  readonly house?: House;
  readonly now?: () => number;
  readonly tenant?: string;
  readonly pendingBytesMax?: number;
}

/** The collector as production builds it, listening on free ports. */
export async function startCollector(options: StartOptions = {}): Promise<Collector> {
  const { house = newHouse(), now, tenant, pendingBytesMax = 64 * 1024 * 1024 } = options;
  const service = await buildCollector(
    {
      host: "127.0.0.1",
      port: 0,
      adminHost: "127.0.0.1",
      adminPort: 0,
      logLevel: "silent",
      drainDelayMs: 0,
      drainMsMax: 4_000,
      jwksFile: house.jwksFile,
      tables: house.tables,
      tablesOpenMax: 16,
      pendingBytesMax,
      ...(tenant !== undefined && { tenant }),
    },
    { ...(now && { now }) },
  );
  const { url, adminUrl } = await service.listen();
  onTestFinished(() => service.close());
  const issuer = await house.issuer({ ...(now && { now }) });
  return { ...clientOf(url, issuer), url, adminUrl, house, close: () => service.close() };
}

/** Calls a collector as its gateway does. */
export function clientOf(url: string, issuer: InternalIssuer): Pick<Collector, "call" | "send"> {
  const call: Collector["call"] = async (method, path, { principal, body, bytes, headers, token } = {}) => {
    const sent = bytes ?? (body === undefined ? null : JSON.stringify(body));
    const answer = await request(url + path, {
      method,
      body: sent,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token ?? (await issuer.token())}` }),
        ...(principal && { [PRINCIPAL_HEADER]: encodePrincipal(principal) }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
    });
    const text = await answer.body.text();
    const json: unknown = text.startsWith("{") && !text.includes("}\n{") ? JSON.parse(text) : undefined;
    return { status: answer.statusCode, headers: answer.headers, text, json };
  };
  return {
    call,
    async send(...parts) {
      const { status, text } = await call("POST", "/internal/v1/event-batches", {
        bytes: coalesce(parts),
        headers: { "content-type": COALESCED_CONTENT_TYPE },
      });
      if (status !== 200) throw new Error(`the coalesced request was answered ${status}: ${text}`);
      return text
        .trimEnd()
        .split("\n")
        .map((line): PartAnswer => JSON.parse(line));
    },
  };
}

/** The body of a coalesced request. */
export function coalesce(parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap(({ p, payload, r = "req_1", a }) => {
      const bytes = Buffer.from(payload);
      return [Buffer.from(`${JSON.stringify({ p, r, n: bytes.length, a })}\n`), bytes, Buffer.from("\n")];
    }),
  );
}
