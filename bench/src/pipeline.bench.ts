// End to end through the real processes: signed single-event requests to a flushed append, and recommendations, against a
// bare Fastify route that answers a constant, in interleaved rounds of one run.
import { defineBench } from "./bench.ts";
import { startBare } from "./load/bare.ts";
import { type Drive, drive, type ReadyRequest } from "./load/drive.ts";
import { signer } from "./load/sign.ts";
import { describeMachine } from "./machine.ts";
import { batch, Shop, view } from "./smoke/shop.ts";
import { itemId, itemsPerTheme, seededRandom, shopItems, themes, visits } from "./stack/small-shop.ts";
import { startStack, type TenantKeys } from "./stack/stack.ts";
import { median, round3, spread } from "./stats.ts";

const concurrency = 32;
const manyTenants = 20;
const shoppers = 2_000;

interface Series {
  readonly drives: Drive[];
  /** Requests a second over the bare route's, of the same round. */
  readonly vsBare: number[];
}

/** Medians over the rounds; the spread says how far the rounds lie apart. */
const summary = ({ drives, vsBare }: Series) => ({
  perSecond: round3(median(drives.map(({ perSecond }) => perSecond))),
  perSecondSpread: round3(spread(drives.map(({ perSecond }) => perSecond))),
  msP50: round3(median(drives.map(({ msP50 }) => msP50))),
  msP99: round3(median(drives.map(({ msP99 }) => msP99))),
  vsBare: round3(median(vsBare)),
  errors: drives.reduce((sum, { errors }) => sum + errors, 0),
});

export default defineBench({
  summary: "signed events and recommendations a second, end to end, against a bare Fastify route",
  options: { rounds: { type: "string" }, requests: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    const rounds = Number(options.rounds ?? (short ? 2 : 5));
    const requests = Number(options.requests ?? (short ? 1_000 : 10_000));
    const stack = await startStack({ cleanup });
    const gateway = stack.ready.gatewayUrl;
    const bare = await startBare(cleanup);
    const machine = await describeMachine(stack.ready.dataDir);

    const tenants: TenantKeys[] = [];
    for (let n = 0; n < manyTenants; n++) tenants.push(await stack.createTenant(`shop-${n}`, { tier: "enterprise" }));
    for (const keys of tenants) {
      const shop = new Shop(keys, gateway, "");
      await shop.server.items.upsert(shopItems(new Date().toISOString()));
      for (const { type, data } of visits(keys === tenants[0] ? 300 : 60, Date.now())) shop.server.track(type, data);
      await shop.server.close();
      await stack.trainFor(keys.id);
    }
    log(`${tenants.length} tenants are trained`);

    const next = seededRandom(7);
    const shopper = () => ({ userId: `shopper-${Math.floor(next() * shoppers)}` });
    const anyItem = () => itemId(Math.floor(next() * themes.length), Math.floor(next() * itemsPerTheme));
    const signers = tenants.map((keys) => signer(gateway, keys));
    const ready = (count: number, over: number, path: string, payload: () => unknown): ReadyRequest[] =>
      Array.from({ length: count }, (_, n) => (signers[n % over] as (typeof signers)[number])(path, payload()));
    const event = () => batch({ ...view(anyItem()), shopper: shopper() });
    const recommendation = () => ({ placement: "home", shopper: shopper(), limit: 12 });
    const constant = JSON.stringify(event());
    const bareRequests = Array.from(
      { length: requests },
      (): ReadyRequest => ({
        method: "POST",
        path: "/",
        headers: { "content-type": "application/json" },
        body: constant,
      }),
    );

    const cases = [
      { name: "events1", path: "/v1/events", over: 1, payload: event, expected: 202 },
      { name: "events20", path: "/v1/events", over: manyTenants, payload: event, expected: 202 },
      { name: "recommendations1", path: "/v1/recommendations", over: 1, payload: recommendation, expected: 200 },
      {
        name: "recommendations20",
        path: "/v1/recommendations",
        over: manyTenants,
        payload: recommendation,
        expected: 200,
      },
    ] as const;
    const series = new Map<string, Series>(cases.map(({ name }) => [name, { drives: [], vsBare: [] }]));
    const bareDrives: Drive[] = [];
    for (let round = -1; round < rounds; round++) {
      const baseline = await drive(bare, bareRequests, concurrency, 202);
      if (round >= 0) bareDrives.push(baseline);
      for (const { name, path, over, payload, expected } of cases) {
        const measured = await drive(gateway, ready(requests, over, path, payload), concurrency, expected);
        if (round < 0) continue;
        series.get(name)?.drives.push(measured);
        series.get(name)?.vsBare.push(measured.perSecond / baseline.perSecond);
      }
      log(round < 0 ? "warmed up" : `round ${round + 1} of ${rounds}`);
    }
    const result = Object.fromEntries([...series].map(([name, each]) => [name, summary(each)])) as Record<
      (typeof cases)[number]["name"],
      ReturnType<typeof summary>
    >;
    const { events1, events20, recommendations1, recommendations20 } = result;
    return {
      ok: Object.values(result).every(({ errors }) => errors === 0),
      figures: {
        eventsPerSecond: events1.perSecond,
        eventAckMsP50: events1.msP50,
        eventAckMsP99: events1.msP99,
        eventsVsBare: events1.vsBare,
        recommendationsPerSecond: recommendations1.perSecond,
        recommendMsP50: recommendations1.msP50,
        recommendMsP99: recommendations1.msP99,
        recommendationsVsBare: recommendations1.vsBare,
        with20Tenants: { events: events20, recommendations: recommendations20 },
        spread: { events: events1.perSecondSpread, recommendations: recommendations1.perSecondSpread },
        bare: summary({ drives: bareDrives, vsBare: bareDrives.map(() => 1) }),
        errors: Object.values(result).reduce((sum, { errors }) => sum + errors, 0),
        concurrency,
        requestsPerRound: requests,
        rounds,
        machine,
      },
    };
  },
});
