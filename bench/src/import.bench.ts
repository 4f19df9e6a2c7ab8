// History in bulk, end to end: the Node SDK packs and signs parts, the gateway checks them, the collector judges every
// line and stores it. The baseline is what no importer can do without: unpacking the same bytes and parsing the lines.
// Meanwhile another tenant's shopper sends single events: an import must not hold up who is there now.
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Event, uuidV8 } from "@endcap/protocol";
import { defineBench } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { measureInRounds } from "./rounds.ts";
import { batch, Shop, view } from "./smoke/shop.ts";
import { itemId, itemsPerTheme, seededRandom, themes } from "./stack/small-shop.ts";
import { startStack } from "./stack/stack.ts";
import { quantile, round3 } from "./stats.ts";

const shoppers = 20_000;
const eventsPerSecondGoal = 20_000;
const mebibyte = 1024 * 1024;

/** A shop's orders and views of years ago, one event a minute; the same `part` gives the same bytes. */
function* history(tenant: string, part: number, count: number): Generator<{ event: Event }> {
  const next = seededRandom(part);
  const start = Date.UTC(2020, 0, 1);
  for (let n = 0; n < count; n++) {
    const item = itemId(Math.floor(next() * themes.length), Math.floor(next() * itemsPerTheme));
    yield {
      event: {
        id: uuidV8(tenant, `bench-${part}`, String(n)),
        type: n % 10 === 0 ? "purchase" : "view_item",
        at: new Date(start + n * 60_000).toISOString(),
        shopper: { userId: `shopper-${Math.floor(next() * shoppers)}` },
        items: [{ id: item, quantity: 1, price: 9.5 }],
        ...(n % 10 === 0 && { transactionId: `order-${part}-${n}`, value: 9.5, currency: "EUR" }),
      },
    };
  }
}

export default defineBench({
  summary: "imported events a second through SDK, gateway and collector, against unpacking and parsing alone",
  options: { rounds: { type: "string" }, events: { type: "string" } },
  async run({ short, options, log, cleanup }) {
    const rounds = Number(options.rounds ?? (short ? 1 : 5));
    const events = Number(options.events ?? (short ? 10_000 : 200_000));
    const stack = await startStack({ cleanup });
    const gateway = stack.ready.gatewayUrl;
    const machine = await describeMachine(stack.ready.dataDir);
    const keys = await stack.createTenant("history", { tier: "enterprise" });
    const importer = new Shop(keys, gateway, "");
    const bystander = new Shop(await stack.createTenant("bystander", { tier: "enterprise" }), gateway, "");

    const text = [...history(keys.id, 0, events)].map((line) => JSON.stringify(line)).join("\n");
    const packed = gzipSync(text);
    const parseAlone = () => {
      const startedAt = performance.now();
      let parsed = 0;
      for (const line of gunzipSync(packed).toString().split("\n")) if (JSON.parse(line)) parsed += 1;
      return (parsed / (performance.now() - startedAt)) * 1000;
    };

    const acks = { idle: [] as number[], importing: [] as number[] };
    let phase: keyof typeof acks = "idle";
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const startedAt = performance.now();
        const { id } = keys;
        const { status } = await bystander.call("POST", "/v1/events", batch({ ...view(id), shopper: { userId: "u" } }));
        if (status !== 202) throw new Error(`the bystander's event was answered ${status}`);
        acks[phase].push(performance.now() - startedAt);
        await sleep(10);
      }
    })();
    await sleep(short ? 200 : 2_000);

    const rssMb = async () => {
      const collector = (await stack.processes()).find(({ kind }) => kind === "collector");
      return round3((collector?.rssBytes ?? Number.NaN) / mebibyte);
    };
    let part = 0;
    let wrong = 0;
    const rss: number[] = [];
    const importAll = async () => {
      part += 1;
      phase = "importing";
      const startedAt = performance.now();
      const result = await importer.server.imports.run(`bench-${part}`, history(keys.id, part, events));
      const perSecond = (result.events / (performance.now() - startedAt)) * 1000;
      phase = "idle";
      wrong += events - result.events + result.rejected;
      rss.push(await rssMb());
      log(`${Math.round(perSecond)} events/s`);
      return perSecond;
    };

    const [baseline, imported] = await measureInRounds(
      [
        { name: "parseAlone", round: parseAlone },
        { name: "import", round: importAll },
      ],
      rounds,
    );
    watching = false;
    await watch;
    const figures = {
      ...machine,
      events,
      eventsPerSecond: imported?.median ?? Number.NaN,
      spread: imported?.spread ?? Number.NaN,
      vsParseAlone: imported?.vsBaseline ?? Number.NaN,
      parseAlonePerSecond: baseline?.median ?? Number.NaN,
      bystanderAckMs: {
        idleP50: round3(quantile(acks.idle, 0.5)),
        idleP99: round3(quantile(acks.idle, 0.99)),
        importingP50: round3(quantile(acks.importing, 0.5)),
        importingP99: round3(quantile(acks.importing, 0.99)),
      },
      collectorRssMb: rss,
      wrong,
    };
    return { ok: wrong === 0 && (short || figures.eventsPerSecond >= eventsPerSecondGoal), figures };
  },
});
