// How soon a hibernating recommender answers: from the first request, which the fallback list answers, to its own list.
import { setTimeout as sleep } from "node:timers/promises";
import { defineBench } from "./bench.ts";
import { Shop } from "./smoke/shop.ts";
import { shopItems, visits } from "./stack/small-shop.ts";
import { startStack } from "./stack/stack.ts";
import { quantile, round3 } from "./stats.ts";

const wakeMsMax = 500;
const pollMs = 5;

export default defineBench({
  summary: "from the first request to the own list of a hibernating recommender",
  async run({ short, cleanup, log }) {
    const stack = await startStack({ cleanup, env: { ENDCAP_CONTROL_HIBERNATE_STANDARD_MS: "1000" } });
    const keys = await stack.createTenant("wake");
    const shop = new Shop(keys, stack.ready.gatewayUrl, "");
    await shop.server.items.upsert(shopItems(new Date().toISOString()));
    for (const { type, data } of visits(300, Date.now())) shop.server.track(type, data);
    await shop.server.flush();
    await stack.trainFor(keys.id);

    const wakes: number[] = [];
    const firsts: number[] = [];
    const ask = () => shop.server.recommendations.get({ placement: "home", limit: 5 }, { retries: 0 });
    while (wakes.length < (short ? 2 : 12)) {
      const state = async () => (await stack.processes()).find(({ tenantId }) => tenantId === keys.id)?.state;
      while ((await state()) !== "hibernating") await sleep(50);
      const start = performance.now();
      let answer = await ask();
      firsts.push(performance.now() - start);
      while (answer.fallback !== undefined) {
        await sleep(pollMs);
        answer = await ask();
      }
      wakes.push(performance.now() - start);
      log(`wake ${wakes.length}: ${Math.round(wakes.at(-1) ?? 0)} ms`);
    }
    await shop.server.close();
    const at = (values: number[], p: number) => round3(quantile(values, p));
    const figures = {
      wakes: wakes.length,
      wakeMsP50: at(wakes, 0.5),
      wakeMsP99: at(wakes, 0.99),
      fallbackMsP50: at(firsts, 0.5),
      fallbackMsP99: at(firsts, 0.99),
    };
    // A few wakes beside the other benches of a CI run say that it works, not how fast.
    return { ok: short || figures.wakeMsP99 <= wakeMsMax, figures };
  },
});
