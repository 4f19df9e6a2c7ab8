import { expect, it } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { holdAnswer } from "./support/hold-answer.ts";
import { newShop } from "./support/tenants.ts";

const shop = newShop({ slug: "<b>acorn" });
const edge = await startEdge([shop]);

it("/admin tells an operator what this gateway does right now", async () => {
  const url = `${edge.url}/v1/events`;
  await send(url, signed(url, "POST", shop.sk, { body: { events: [] } }));
  const { status, body } = await send(`${edge.adminUrl}/admin`, {});
  expect(status).toBe(200);
  expect(body).toMatchObject({
    snapshot: { version: 1, fault: null, from: edge.control.url },
    upstreams: {
      count: 3,
      rows: expect.arrayContaining([
        expect.objectContaining({ id: "collector", url: edge.collector.snapshot.url, breaker: "closed", connected: 1 }),
      ]),
    },
    tenants: {
      count: 1,
      inUse: 1,
      rows: [
        {
          id: shop.tenant.id,
          tier: "standard",
          routes: shop.tenant.routes,
          limits: { burst: 400 },
          inFlight: 0,
          requestsLeft: expect.any(Number),
          monthEvents: 1,
        },
      ],
    },
    config: expect.arrayContaining([{ key: "port", value: "0" }]),
  });
});

it("/admin shows what is used of a tenant's limits right now, and what waits", async () => {
  const narrow = newShop({ limits: { requestsPerSecond: 1, burst: 60, eventsPerMonth: 1_000 } });
  const busy = await startEdge([narrow]);
  busy.collector.answer = () => ({ status: 202, body: { accepted: 500 } });
  const url = `${busy.url}/v1/events`;
  const post = () => send(url, signed(url, "POST", narrow.sk, { body: { events: [] } }));
  await post();
  await post();
  const { arrived, release } = holdAnswer(busy.collector, { status: 202, body: { accepted: 0 } });
  const list = `${busy.url}/v1/items/a`;
  const waiting = send(list, signed(list, "GET", narrow.sk));
  await arrived;
  // Three were taken; one comes back a second.
  const live = { inFlight: 1, requestsLeft: expect.toBeOneOf([57, 58, 59, 60]), monthEvents: 1_000 };
  const { body } = await send(`${busy.adminUrl}/admin`, {});
  expect(body).toMatchObject({ draining: false, shedLevel: 0, gateways: 1, tenants: { rows: [live] } });
  expect((await send(`${busy.adminUrl}/admin/tenants/${narrow.tenant.id}`, {})).body).toMatchObject(live);
  const page = await (await fetch(`${busy.adminUrl}/admin`, { headers: { accept: "text/html" } })).text();
  const words = page.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  expect(words).toMatch(/ 1 \/ 64 (5[789]|60) \/ 60 1 1,000 \/ 1,000 /);
  expect(page).toContain('<span class="bad">1,000</span>');
  release();
  expect((await waiting).status).toBe(202);
});

it("/admin is a page for a browser, without scripts and with every name escaped", async () => {
  const url = `${edge.url}/v1/events`;
  await send(url, signed(url, "POST", shop.sk, { body: { events: [] } }));
  const answer = await fetch(`${edge.adminUrl}/admin`, { headers: { accept: "text/html,*/*" } });
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  const page = await answer.text();
  expect(page).toContain("&lt;b&gt;acorn");
  expect(page).not.toContain("<b>");
  expect(page).toContain(edge.collector.snapshot.url);
});

it("/admin holds no secret and is not on the traffic port", async () => {
  const pages = await Promise.all(
    ["application/json", "text/html"].map((accept) => fetch(`${edge.adminUrl}/admin`, { headers: { accept } })),
  );
  for (const page of pages) {
    const text = await page.text();
    for (const secret of [shop.sk.secret, ...shop.secrets.sessions.map(({ key }) => key)])
      expect(text).not.toContain(secret);
  }
  expect((await fetch(`${edge.url}/admin`)).status).toBe(404);
});
