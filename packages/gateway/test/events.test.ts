import { expect, it } from "vitest";
import { anonymousId, bootstrap, enveloped, openSession, send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const acorn = newShop();
const edge = await startEdge([acorn]);
const events = `${edge.url}/v1/events`;
const batch = { batchId: "01890000-0000-7000-8000-000000000000", events: [{ id: "e1" }] };

it("202: a server's signed batch reaches the collector byte for byte, with its proven principal", async () => {
  edge.collector.answer = () => ({ status: 202, body: { accepted: 3, duplicates: 0, rejected: [] } });
  const bytes = Buffer.from(' { "events" : [ {"id":"ü"} ] }\n');
  const reply = await send(events, signed(events, "POST", acorn.sk, { bytes }));
  expect(reply).toMatchObject({ status: 202, body: { accepted: 3 } });
  expect(reply.body.session).toBeUndefined();
  const seen = edge.collector.seen.at(-1);
  expect(seen?.body).toBe(bytes.toString());
  expect(seen?.principal).toEqual({
    tenant: acorn.tenant.id,
    env: "live",
    tier: "standard",
    scope: acorn.tenant.keys[1]?.scopes,
    auth: "sk",
    key: acorn.sk.id,
  });
  expect(seen?.url).toBe(reply.headers.get("endcap-request-id"));
});

it("202: a bootstrap batch is answered with a session, the envelope cut off", async () => {
  const anonymous = anonymousId();
  const reply = await send(events, bootstrap(acorn, batch, anonymous));
  expect(reply.status).toBe(202);
  expect(reply.headers.get("access-control-allow-origin")).toBe(acorn.origin);
  expect(reply.headers.get("vary")).toBe("origin");
  expect(reply.body.session).toMatchObject({
    endpoint: edge.url,
    settings: { enabled: true, consent: "none", observeCatalogue: false },
  });
  const seen = edge.collector.seen.at(-1);
  expect(seen?.body).toBe(JSON.stringify(batch));
  expect(seen?.principal).toMatchObject({ auth: "ep1", anonymousId: anonymous, key: acorn.pk, scope: [] });
});

it("202: a batch under the session carries the session's shopper, whatever the payload claims", async () => {
  const anonymous = anonymousId();
  const session = await openSession(edge, acorn, anonymous);
  const claim = { events: [{ id: "e", shopper: { anonymousId: anonymousId(), userId: "somebody-else" } }] };
  const reply = await send(events, enveloped(acorn.origin, "/v1/events", session, claim));
  expect(reply.status).toBe(202);
  expect(reply.body.session).toBeUndefined();
  expect(reply.headers.get("endcap-settings")).toBe(session.settings.etag);
  const principal = edge.collector.seen.at(-1)?.principal;
  expect(principal).toMatchObject({ auth: "ec1", anonymousId: anonymous });
  expect(principal).not.toHaveProperty("userId");
});

it("202: bearer use of the secret works where the tenant allows it", async () => {
  const headers = { authorization: `Bearer ${acorn.sk.id}.${acorn.sk.secret}`, "content-type": "application/json" };
  const reply = await send(events, { method: "POST", headers, body: JSON.stringify(batch) });
  expect(reply.status).toBe(202);
});

it("409 and 400 of a part are its own: the collector's code, detail and faults come through", async () => {
  const errors = [{ pointer: "/events", code: "minItems" }];
  edge.collector.answer = ({ body }) =>
    body.includes("bad")
      ? {
          status: 409,
          body: { type: "x", title: "x", status: 409, code: "batch_changed", detail: "Other bytes.", errors },
        }
      : { status: 202, body: { accepted: 1 } };
  const [good, bad] = await Promise.all([
    send(events, signed(events, "POST", acorn.sk, { body: batch })),
    send(events, signed(events, "POST", acorn.sk, { body: { bad: true } })),
  ]);
  expect(good.status).toBe(202);
  expect(bad.status).toBe(409);
  expect(bad.body).toMatchObject({ code: "batch_changed", detail: "Other bytes.", errors });
  expect(bad.body.instance).toBe(bad.headers.get("endcap-request-id"));
});

it("coalesces what arrives together, and answers each client its own", async () => {
  edge.collector.answer = async ({ body }) => ({ status: 202, body: { accepted: JSON.parse(body).n } });
  const before = edge.collector.batches.length;
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, n) => send(events, signed(events, "POST", acorn.sk, { body: { n } }))),
  );
  const ok = replies.flatMap(({ status, body }) => (status === 202 ? [body.accepted] : []));
  replies.forEach(({ status, body }, n) => {
    // The tenant's in-flight limit may refuse some of so many at once.
    if (status === 202) expect(body.accepted).toBe(n);
    else expect(body.code).toBe("concurrency_limited");
  });
  const batches = edge.collector.batches.slice(before);
  expect(batches.reduce((sum, parts) => sum + parts, 0)).toBe(ok.length);
  expect(batches.length).toBeLessThan(ok.length);
});

it("counts what the collector accepted, not what was sent", async () => {
  const usage = async () => JSON.stringify((await send(`${edge.adminUrl}/admin/usage`, {})).body);
  const before = Number(/"events":(\d+)/.exec(await usage())?.[1]);
  edge.collector.answer = () => ({
    status: 202,
    body: { accepted: 2, duplicates: 5, rejected: [{ index: 0, code: "x" }] },
  });
  await send(events, signed(events, "POST", acorn.sk, { body: batch }));
  const row = { tenant: acorn.tenant.id, env: "live", events: before + 2 };
  expect(await usage()).toBe(JSON.stringify({ usage: [row] }));
});
