/** What a collector may tell pages' addresses apart by, and never the address. */
import { expect, test } from "vitest";
import { anonymousId, bootstrap, enveloped, openSession, send, signed, startEdge } from "./support/edge.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const observed = newShop({ settings: { observeCatalogue: true } });
const neighbour = newShop({ settings: { observeCatalogue: true } });
const plain = newShop();
const edge = await startEdge([observed, neighbour, plain], { ENDCAP_GATEWAY_TRUST_PROXY: "true" });
const events = `${edge.url}/v1/events`;

/** The mark of a page's batch that came through the balancer, which adds the address it saw to what is there. */
async function markFrom(forwarded: string, shop: Shop = observed): Promise<string | undefined> {
  const { headers, ...page } = bootstrap(shop, { events: [{}] }, anonymousId());
  await send(events, { ...page, headers: { ...(headers as object), "x-forwarded-for": forwarded } });
  const seen = edge.collector.seen.at(-1);
  expect(JSON.stringify([seen?.principal, seen?.headers, seen?.mark])).not.toContain(forwarded.split(", ").at(-1));
  return seen?.mark;
}

test("one address has one mark, another another, and it is not the address", async () => {
  const mark = await markFrom("203.0.113.7");
  expect(mark).toMatch(/^[\w-]{12}$/);
  expect(await markFrom("203.0.113.7")).toBe(mark);
  expect(await markFrom("203.0.113.8")).not.toBe(mark);
  // By whichever socket it came, and whatever of a subscriber's own network it used.
  expect(await markFrom("::ffff:203.0.113.7")).toBe(mark);
  expect(await markFrom("2001:db8:1:2::1")).toBe(await markFrom("2001:db8:1:2:ffff::9"));
  expect(await markFrom("2001:db8:1:3::1")).not.toBe(await markFrom("2001:db8:1:2::1"));
});

test("a client cannot choose its address: what it wrote into X-Forwarded-For itself is not looked at", async () => {
  const mark = await markFrom("203.0.113.7");
  for (const invented of ["198.51.100.1", "198.51.100.2", "not an address"]) {
    expect(await markFrom(`${invented}, 203.0.113.7`)).toBe(mark);
  }
});

test("two tenants cannot tell that they have the same visitor", async () => {
  expect(await markFrom("203.0.113.7", neighbour)).not.toBe(await markFrom("203.0.113.7", observed));
});

test("a session's batches are marked as well; a server's, and those of other tenants, are not", async () => {
  const session = await openSession(edge, observed);
  await send(events, enveloped(observed.origin, "/v1/events", session, { events: [{}] }));
  expect(edge.collector.seen.at(-1)).toMatchObject({ principal: { auth: "ec1" }, mark: expect.stringMatching(/./) });
  await send(events, signed(events, "POST", observed.sk, { body: { events: [{}] } }));
  expect(edge.collector.seen.at(-1)).toMatchObject({ principal: { auth: "sk" } });
  expect(edge.collector.seen.at(-1)).not.toHaveProperty("mark");
  expect(await markFrom("203.0.113.7", plain)).toBeUndefined();
});
