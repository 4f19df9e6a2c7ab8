// The main job, end to end, on real parts: boots everything, two shops, both SDKs, training, recommendations. Under a minute.
import assert from "node:assert/strict";
import { defineBench } from "./bench.ts";
import {
  alteredRequestsAreRefused,
  batchesCountOnce,
  browserSdkDelivers,
  eventsCountOnce,
  tenantsAreApart,
  upstreamsAnswerTheGatewayOnly,
  viewsChangeTheNextList,
} from "./smoke/checks.ts";
import { batch, Shop, view } from "./smoke/shop.ts";
import { itemId, shopItems, visits } from "./stack/small-shop.ts";
import { startStack } from "./stack/stack.ts";
import { quantile, round3 } from "./stats.ts";

const requestsPerFigure = 100;

async function timed(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    samples.push(performance.now() - start);
  }
  return samples;
}

/** Catalogue and a day of visits, by the server SDK. Resolves to the number of events. */
async function fill(shop: Shop, prefix: string, shoppers: number): Promise<number> {
  const now = Date.now();
  await shop.server.items.upsert(
    shopItems(new Date(now).toISOString()).map((item) => ({ ...item, id: prefix + item.id })),
  );
  let events = 0;
  for (const { type, data } of visits(shoppers, now)) {
    const items = data.items.map((item) => ({ ...item, id: prefix + item.id }));
    assert.notEqual(shop.server.track(type, { ...data, items }), null, "the SDK's queue is full");
    if (++events % 2_000 === 0) await shop.server.flush();
  }
  const { accepted, rejected } = await shop.server.flush();
  assert.ok(accepted > 0 && rejected.length === 0, `events were rejected: ${JSON.stringify(rejected)}`);
  return events;
}

export default defineBench({
  summary: "boots the whole product in a temporary directory and checks the main job end to end",
  async run({ log, cleanup }) {
    const stack = await startStack({ cleanup });
    log(`booted in ${stack.bootSeconds.toFixed(1)} s`);
    const [a, b] = (await Promise.all(
      ["shop-a", "shop-b"].map(async (slug) => {
        const origin = `https://${slug}.example`;
        return new Shop(await stack.createTenant(slug, { origins: [origin] }), stack.ready.gatewayUrl, origin);
      }),
    )) as [Shop, Shop];
    cleanup(() => a.server.close().then(() => undefined));
    cleanup(() => b.server.close().then(() => undefined));

    const sent = (await fill(a, "", 400)) + (await eventsCountOnce(a));
    await fill(b, "b-", 100);
    const { events } = await stack.trainFor(a.keys.id);
    assert.equal(events, sent, "training counted an event more than once, or not at all");
    await stack.trainFor(b.keys.id);
    log("trained");

    const freshAfterMs = await viewsChangeTheNextList(a);
    await browserSdkDelivers(a);
    await tenantsAreApart(a, b);
    await upstreamsAnswerTheGatewayOnly(stack, a);
    await alteredRequestsAreRefused(a);
    await batchesCountOnce(a);
    log("every check held");

    const acks = await timed(requestsPerFigure, () =>
      a.server.events.send(batch({ ...view(itemId(5, 1)), shopper: { userId: "timed" } })),
    );
    const lists = await timed(requestsPerFigure, () =>
      a.server.recommendations.get({ placement: "home", shopper: { userId: "timed" } }),
    );
    const stopSeconds = await stack.stop();
    assert.ok(stopSeconds < 5, `stopping took ${stopSeconds} s`);
    return {
      ok: true,
      figures: {
        bootSeconds: round3(stack.bootSeconds),
        eventAckMsP50: round3(quantile(acks, 0.5)),
        recommendMsP50: round3(quantile(lists, 0.5)),
        recommendMsP99: round3(quantile(lists, 0.99)),
        freshAfterMs: round3(freshAfterMs),
        stopSeconds: round3(stopSeconds),
      },
    };
  },
});
