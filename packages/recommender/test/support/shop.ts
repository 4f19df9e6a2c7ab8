/** A tenant with real tables, models and keys in a temporary directory, and a recommender that serves it. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Environment,
  type Event,
  encodePrincipal,
  type Item,
  newTenantId,
  PARTS_CONTENT_TYPE,
  type Principal,
  type RandomBytes,
  type RecommendationAnswer,
  uuidV7,
} from "@endcap/protocol";
import {
  createInternalIssuer,
  FrameReader,
  partFrame,
  partHeadOf,
  type Service,
  type ServiceAddress,
  writeFrames,
} from "@endcap/service-kit";
import { type ModelStore, openModels, openTables, type ShopperKey, type TenantTable } from "@endcap/storage";
import { onTestFinished } from "vitest";
import { buildRecommender } from "../../src/app.ts";
import type { RecommenderConfig } from "../../src/config.ts";
import { type TrainingResult, train } from "../../src/train/run.ts";

export const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

export interface Answered {
  readonly status: number;
  readonly body: RecommendationAnswer & { code?: string };
}

export class TestShop {
  readonly tenant: string;
  readonly directory: string;
  readonly table: TenantTable;
  readonly models: ModelStore;
  readonly #token: () => Promise<string>;
  readonly config: RecommenderConfig;
  service: Service | undefined;
  #address: Promise<ServiceAddress> | undefined;

  constructor(
    tenant: string,
    directory: string,
    table: TenantTable,
    models: ModelStore,
    token: () => Promise<string>,
    config: RecommenderConfig,
  ) {
    this.tenant = tenant;
    this.directory = directory;
    this.table = table;
    this.models = models;
    this.#token = token;
    this.config = config;
  }

  static async open(overrides: Partial<RecommenderConfig> = {}): Promise<TestShop> {
    const directory = mkdtempSync(join(tmpdir(), "endcap-recommender-"));
    const tenant = newTenantId(random);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const keyFile = join(directory, "shared.key");
    const jwksFile = join(directory, "jwks.json");
    writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] }));
    const location = join(directory, "tenants");
    const tables = openTables(`lmdb:${location}`);
    const table = await tables.open({ tenant, env: "live" });
    const issuer = await createInternalIssuer({ keyFile, group: "shared", audience: ["recommender"], tenants: "*" });
    const config: RecommenderConfig = {
      host: "127.0.0.1",
      port: 0,
      adminHost: "127.0.0.1",
      adminPort: 0,
      logLevel: "silent",
      drainDelayMs: 0,
      drainMsMax: 4_000,
      tenant,
      tables: `lmdb:${location}`,
      models: `file:${location}`,
      jwksFile,
      pollMs: 20,
      historyEvents: 200,
      exploreEvery: 8,
      idleMs: 0,
      fallbackMs: 100,
      ...overrides,
    };
    const shop = new TestShop(
      tenant,
      directory,
      table,
      openModels(config.models).open(tenant),
      () => issuer.token(),
      config,
    );
    onTestFinished(async () => {
      await shop.service?.close();
      await tables.close();
      rmSync(directory, { recursive: true, force: true });
    });
    return shop;
  }

  async start(): Promise<Service> {
    this.service = await buildRecommender(this.config);
    return this.service;
  }

  async stop(): Promise<void> {
    await this.service?.close();
    this.service = undefined;
  }

  async record(shopper: ShopperKey, ...events: Event[]): Promise<void> {
    const batch = {
      batchId: uuidV7(Date.now(), random),
      digest: random(new Uint8Array(32)),
      receivedAt: Date.now(),
      parts: [{ shopper, events }],
    };
    await this.table.events.append([batch]);
  }

  train(seed = 1): Promise<TrainingResult> {
    const { tenant, config } = this;
    return train({
      tenant,
      tables: config.tables,
      models: config.models,
      exports: join(this.directory, "exports"),
      seed,
      now: Date.now,
      random,
      onStep: () => undefined,
    });
  }

  /** As the gateway calls it, for a server key unless `principal` says otherwise. */
  async ask(strategy: string, body: Record<string, unknown>, principal: Partial<Principal> = {}): Promise<Answered> {
    return this.#inject(`/v1/recommenders/${strategy}`, body, principal);
  }

  /** As ml calls it first. */
  async rank(body: Record<string, unknown>, principal: Partial<Principal> = {}): Promise<Answered> {
    return this.#inject("/internal/v1/recommend", body, principal);
  }

  /** As ml calls it from then on: a part of a request that stays open. */
  async rankPart(body: Record<string, unknown>, principal: Partial<Principal> = {}): Promise<Answered> {
    const payload = Buffer.from(JSON.stringify(body));
    const frame = partFrame(partHeadOf(this.#caller(principal)), "req_part", payload);
    const response = await fetch(`${(await this.#listening()).url}/internal/v1/rank-parts`, {
      method: "POST",
      headers: { authorization: `Bearer ${await this.#token()}`, "content-type": PARTS_CONTENT_TYPE },
      body: writeFrames([frame]),
    });
    const [answer] = new FrameReader(1024 * 1024).push(Buffer.from(await response.arrayBuffer()));
    if (answer === undefined) throw new Error("the part has no answer");
    return { status: Number(answer.header.s), body: JSON.parse(answer.payload.toString()) };
  }

  #listening(): Promise<ServiceAddress> {
    if (this.service === undefined) throw new Error("the recommender is not started");
    this.#address ??= this.service.listen();
    return this.#address;
  }

  #caller(principal: Partial<Principal>): Principal {
    return {
      tenant: this.tenant,
      env: "live" as Environment,
      tier: "standard",
      scope: ["recommendations:read"],
      auth: "sk",
      key: "sk_live_test",
      ...principal,
    };
  }

  async #inject(url: string, body: Record<string, unknown>, principal: Partial<Principal>): Promise<Answered> {
    if (this.service === undefined) throw new Error("the recommender is not started");
    const caller = this.#caller(principal);
    const response = await this.service.app.inject({
      method: "POST",
      url,
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        "endcap-principal": encodePrincipal(caller),
        "content-type": "application/json",
      },
      payload: JSON.stringify(body),
    });
    return { status: response.statusCode, body: response.json() };
  }

  /** Asks until the answer satisfies `enough`; the recommender polls its stores. */
  async until(ask: () => Promise<Answered>, enough: (answer: Answered) => boolean): Promise<Answered> {
    const deadline = Date.now() + 5_000;
    for (;;) {
      const answer = await ask();
      if (enough(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`waited too long; the last answer was ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export function event(type: Event["type"], at: number, ...ids: string[]): Event {
  return {
    id: uuidV7(at, random),
    type,
    at: new Date(at).toISOString(),
    items: ids.map((id) => ({ id, quantity: 1, price: 10 })),
    ...(type === "purchase" && { transactionId: `t-${at}` }),
  };
}

export function item(id: string, extra: Partial<Item> = {}): Item {
  return {
    id,
    title: `Title of ${id}`,
    url: `/p/${encodeURIComponent(id)}`,
    price: "10.00",
    currency: "EUR",
    availability: "in_stock",
    categories: [["All", id.split("-")[0] ?? "other"]],
    updatedAt: new Date(Date.now() - 60_000).toISOString(),
    ...extra,
  };
}

const minute = 60_000;
export const themes = ["tea", "bath", "desk", "camp"] as const;
export const idsOf = (theme: string): string[] => Array.from({ length: 8 }, (_, n) => `${theme}-${n}`);

/** Catalogue and history of a shop whose shoppers stay within one theme each; theme-0 and theme-1 are bought together. */
export async function fillShop(shop: TestShop, shoppers = 120): Promise<void> {
  await shop.table.catalogue.upsert(themes.flatMap((theme) => idsOf(theme).map((id) => item(id))));
  const now = Date.now();
  for (let s = 0; s < shoppers; s++) {
    const theme = themes[s % themes.length] as string;
    const start = now - (shoppers - s) * 10 * minute;
    const ids = idsOf(theme);
    const events = Array.from({ length: 5 }, (_, n) =>
      event("view_item", start + n * 20_000, ids[(s * 3 + n * (1 + (s % 3))) % ids.length] as string),
    );
    if (s % 2 === 0) events.push(event("purchase", start + 5 * minute, `${theme}-0`, `${theme}-1`));
    await shop.record({ kind: "user", id: `user-${s}` }, ...events);
  }
}
