import { once } from "node:events";
import { request } from "node:http";
import { expect, it } from "vitest";
import { testService } from "./support/service.ts";

it("writes exactly one record a request, object first", async () => {
  const { service, records } = testService();
  service.app.get("/a/:id", async () => ({ ok: true }));
  await service.app.inject("/a/1");
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ method: "GET", route: "/a/:id", status: 200, msg: "request completed" });
  expect(records[0]?.reqId).toMatch(/^req_/);
  expect(records[0]?.durationMs).toBeTypeOf("number");
});

it("says nothing of probes at the usual level", async () => {
  const { service, records } = testService();
  await service.app.inject("/healthz");
  await service.app.inject("/readyz");
  expect(records).toEqual([]);
});

it("logs a client that went away before its answer as 499", async () => {
  const { service, records } = testService();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  service.app.get("/slow", async ({ signal }) => {
    arrive();
    await once(signal, "abort");
  });
  const { url } = await service.listen();
  const call = request(`${url}/slow`).on("error", () => {
    // Expected: we hang up ourselves.
  });
  call.end();
  await arrived;
  call.destroy();
  await expect.poll(() => records.filter(({ status }) => status === 499)).toHaveLength(1);
});

it("takes the request id over only where the caller is trusted", async () => {
  const headers = { "endcap-request-id": "req_from-the-gateway" };
  const inside = testService({ trustRequestId: true });
  const edge = testService();
  for (const { service } of [inside, edge]) service.app.get("/", async ({ id }) => ({ id }));
  expect((await inside.service.app.inject({ url: "/", headers })).json().id).toBe("req_from-the-gateway");
  expect((await edge.service.app.inject({ url: "/", headers })).json().id).not.toBe("req_from-the-gateway");
  const strange = { "endcap-request-id": "x y" };
  expect((await inside.service.app.inject({ url: "/", headers: strange })).json().id).toMatch(/^req_/);
});

it("gives every request one hidden class, refused or not", async () => {
  const { service } = testService();
  const seen: string[][] = [];
  service.app.addHook("onResponse", async (request) => {
    seen.push(Object.keys(request));
  });
  service.app.get("/", async () => ({}));
  await service.app.inject("/");
  await service.app.inject("/nothing");
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0]).toEqual(expect.arrayContaining(["principal", "internal", "fault"]));
});

it("keeps rate, errors and duration by route, never by URL", async () => {
  const { service } = testService();
  service.app.get("/a/:id", async () => ({}));
  await service.app.inject("/a/1");
  await service.app.inject("/a/2");
  await service.app.inject("/private-path-of-somebody");
  const { body } = await service.admin.inject("/metrics");
  expect(body).toMatch(/http_request_duration_seconds_count\{.*route="\/a\/:id".*\} 2/);
  expect(body).toMatch(/http_request_duration_seconds_count\{.*route="unmatched".*code="404".*\} 1/);
  expect(body).not.toContain("private-path");
  expect(body).toContain("process_resident_memory_bytes");
});
