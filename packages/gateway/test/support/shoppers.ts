import { uuidV7 } from "@endcap/protocol";
import { Pool } from "undici";
import { signed } from "./edge.ts";
import type { Shop } from "./tenants.ts";

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);

export interface Outcome {
  readonly batch: object;
  /** 0: no answer at all. */
  readonly status: number;
  /** Why not, of a refusal. */
  readonly code: string | undefined;
}

/** Clients that send one event batch after another to whichever gateway says that it is ready, as behind a load balancer. */
export interface Shoppers {
  readonly outcomes: Outcome[];
  /** Which gateways stand behind the balancer. */
  set(urls: readonly string[]): void;
  stop(): Promise<void>;
}

interface AnswerBody {
  readonly duplicates?: number;
  readonly code?: string;
}

const lookEveryMs = 50;
const noBody: AnswerBody = {};

export function startShoppers(shop: Shop, urls: readonly string[], workers: number): Shoppers {
  const pools = new Map<string, Pool>();
  const ready = new Set<string>();
  const outcomes: Outcome[] = [];
  let behind = [...urls];
  let stopped = false;
  let turn = 0;

  function poolOf(url: string): Pool {
    let pool = pools.get(url);
    if (pool === undefined) {
      pool = new Pool(url, { connections: workers, pipelining: 1 });
      pools.set(url, pool);
    }
    return pool;
  }

  async function look(url: string): Promise<void> {
    const probe = await fetch(`${url}/readyz`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (probe === 200) ready.add(url);
    else ready.delete(url);
  }

  async function balancer(): Promise<void> {
    while (!stopped) {
      await Promise.all(behind.map(look));
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async function worker(): Promise<void> {
    while (!stopped) {
      const choice = behind.filter((url) => ready.has(url));
      const url = choice[turn++ % Math.max(1, choice.length)];
      if (url === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const batch = newBatch();
      const { status, body } = await sendBatch(poolOf(url), url, shop, batch).catch(() => ({
        status: 0,
        body: noBody,
      }));
      outcomes.push({ batch, status, code: body.code });
    }
  }

  const all = Promise.all([balancer(), ...Array.from({ length: workers }, worker)]);
  return {
    outcomes,
    set(next) {
      behind = [...next];
      for (const url of ready) if (!next.includes(url)) ready.delete(url);
    },
    async stop() {
      stopped = true;
      await all;
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function newBatch(): object {
  const now = Date.now();
  const event = {
    id: uuidV7(now, random),
    type: "page_view",
    at: new Date(now).toISOString(),
    shopper: { userId: "u" },
  };
  return { batchId: uuidV7(now, random), events: [event] };
}

async function sendBatch(pool: Pool, url: string, shop: Shop, batch: object) {
  const { headers, body } = signed(`${url}/v1/events`, "POST", shop.sk, { body: batch });
  const answer = await pool.request({
    method: "POST",
    path: "/v1/events",
    headers: headers as Record<string, string>,
    body: Buffer.from(body as Uint8Array),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as AnswerBody };
}

/**
 * Sends every acknowledged batch again: one that is on disk is a duplicate, one that was lost would be accepted as new.
 * Answers how many were lost.
 */
export async function countLost(shop: Shop, url: string, outcomes: readonly Outcome[]): Promise<number> {
  const pool = new Pool(url, { connections: 8 });
  const batches = outcomes.filter(({ status }) => status === 202).map(({ batch }) => batch);
  let lost = 0;
  const next = batches.values();
  const worker = async () => {
    for (const batch of next) {
      const { status, body } = await sendBatch(pool, url, shop, batch);
      if (status !== 202 || body.duplicates !== 1) lost += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await pool.close();
  return lost;
}
