import { spawnSync } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { canShareAPort } from "../src/service/acceptors.ts";
import { config, testService } from "./support/service.ts";

const clients = 64;
const connectAll = `
  const { connect } = require("node:net");
  let open = 0;
  for (let n = 0; n < ${clients}; n++) connect(Number(process.argv[1]), "127.0.0.1", () => {
    if (++open === ${clients}) process.exit(0);
  });
`;

/** Turns of the event loop until everybody is taken who came while it stood still. */
async function turnsForBurst(acceptors: number): Promise<number> {
  const { service } = testService({ acceptors });
  let taken = 0;
  service.app.server.on("connection", (socket) => {
    taken += 1;
    socket.on("error", () => undefined);
  });
  const { url } = await service.listen();
  // The loop stands still until the last of them is connected, as the kernel sees it.
  expect(spawnSync(process.execPath, ["-e", connectAll, new URL(url).port]).status).toBe(0);
  let turns = 0;
  for (; taken < clients; turns++) await turn();
  return turns;
}

it("a burst of connections is taken in a few turns of the event loop, where sockets can share a port", async () => {
  const alone = await turnsForBurst(0);
  expect(alone).toBeGreaterThanOrEqual(clients);
  expect(await turnsForBurst(15)).toBeLessThanOrEqual(canShareAPort ? alone / 3 : alone);
});

it("a drain waits for whoever is being served, whichever socket took the connection", async () => {
  const { service } = testService({ acceptors: 7 });
  const held: (() => void)[] = [];
  let served = 0;
  let servedBeforeClosers = -1;
  service.app.addHook("onResponse", async ({ url }) => {
    if (url === "/held") served += 1;
  });
  service.app.addHook("onClose", async () => {
    servedBeforeClosers = served;
  });
  const all = Promise.withResolvers<void>();
  service.app.get("/held", async () => {
    await new Promise<void>((resolve) => {
      held.push(resolve);
      if (held.length === clients) all.resolve();
    });
    return "served";
  });
  const { url } = await service.listen();
  const answers = Array.from({ length: clients }, async () => (await fetch(`${url}/held`)).text());
  await all.promise;
  let closed = false;
  const closing = service.close().then(() => {
    closed = true;
  });
  const port = () =>
    fetch(`${url}/healthz`).then(
      () => "open",
      () => "closed",
    );
  await expect.poll(port, { interval: 5 }).toBe("closed");
  expect(closed).toBe(false);
  // One after the other, so that most sockets have none left while others have.
  for (const [at, release] of held.entries()) {
    release();
    await expect.poll(() => served, { interval: 1 }).toBe(at + 1);
  }
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["served"]));
  await closing;
  expect(servedBeforeClosers).toBe(clients);
});

it("a port with somebody on it is refused, also when it is one of our kind", async () => {
  const { service } = testService({ acceptors: 3 });
  const { url } = await service.listen();
  const { service: second } = testService({ acceptors: 3, config: { ...config, port: Number(new URL(url).port) } });
  await expect(second.listen()).rejects.toMatchObject({ code: "port_in_use" });
});
