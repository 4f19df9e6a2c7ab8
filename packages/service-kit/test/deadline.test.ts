import { once } from "node:events";
import { request } from "node:http";
import { expect, it } from "vitest";
import { deadlineOf } from "../src/index.ts";
import { testService } from "./support/service.ts";

const options = { msDefault: 150, msMax: 1_000 };

it.each([
  [undefined, 150],
  ["40", 40],
  ["90000", 1_000],
  ["-5", 150],
  ["soon", 150],
  ["0", 0],
])("of %s is %i ms", async (field, ms) => {
  const { service } = testService();
  let time = 1_000;
  service.app.get("/", async (call) => {
    const deadline = deadlineOf(call, { ...options, now: () => time });
    const before = deadline.msLeft();
    time += 30;
    return { before, headers: deadline.headers() };
  });
  const headers = field === undefined ? {} : { "endcap-deadline-ms": field };
  const answer = (await service.app.inject({ url: "/", headers })).json();
  expect(answer).toEqual({ before: ms, headers: { "endcap-deadline-ms": String(Math.max(0, ms - 30)) } });
});

it("aborts at the deadline, and when the client goes away", async () => {
  const { service } = testService();
  const reasons: string[] = [];
  let arrive = Promise.withResolvers<void>();
  service.app.get("/", async (call) => {
    const { signal } = deadlineOf(call, { msDefault: 60_000, msMax: 60_000 });
    arrive.resolve();
    await once(signal, "abort");
    reasons.push(signal.reason.name);
    return {};
  });
  const { url } = await service.listen();
  await fetch(url, { headers: { "endcap-deadline-ms": "20" } });
  expect(reasons).toEqual(["TimeoutError"]);

  arrive = Promise.withResolvers<void>();
  const call = request(url).on("error", () => {
    // Expected: we hang up ourselves.
  });
  call.end();
  await arrive.promise;
  call.destroy();
  await expect.poll(() => reasons).toEqual(["TimeoutError", "AbortError"]);
});

it("does not take a body that has been read for a client that has gone", async () => {
  const { service } = testService();
  service.app.post("/", async (call) => {
    const { signal } = deadlineOf(call, { msDefault: 60_000, msMax: 60_000 });
    // Node closes the request stream within a turn or two of its end.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    return { aborted: signal.aborted };
  });
  const { url } = await service.listen();
  for (let request = 0; request < 2; request++) {
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    expect(await answer.json()).toEqual({ aborted: false });
  }
});
