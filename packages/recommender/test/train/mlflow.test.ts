import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { logToMlflow } from "../../src/train/mlflow.ts";
import { train } from "../../src/train/run.ts";
import { fillShop, random, TestShop } from "../support/shop.ts";

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("a tracking server that hangs up costs a warning, and the model is put to work all the same", async () => {
  const mlflowUrl = await listen((request) => request.socket.destroy());
  const shop = await TestShop.open();
  await fillShop(shop);
  const warnings: string[] = [];
  const result = await train({
    tenant: shop.tenant,
    tables: shop.config.tables,
    models: shop.config.models,
    exports: join(shop.directory, "exports"),
    seed: 1,
    now: Date.now,
    random,
    mlflowUrl,
    onWarning: (warning) => warnings.push(warning),
    onStep: () => undefined,
  });
  expect((await shop.models.pointer("champion"))?.value).toBe(result.version);
  expect(warnings).toEqual([expect.stringContaining(`MLflow was not told of ${result.version}`)]);
});

const run = {
  tenant: "tnt-a",
  version: "m-1",
  startedAt: 0,
  endedAt: 1,
  params: {},
  metrics: {},
  promoted: true,
  reason: "",
  file: async () => undefined,
};

it("one that never answers, or answers something else, is given up in the time it has", async () => {
  const hung = await listen(() => undefined);
  await expect(logToMlflow(run, { url: hung, msMax: 100 })).rejects.toMatchObject({ name: "TimeoutError" });
  const page = await listen((_request, response) => void response.end("<html>"));
  await expect(logToMlflow(run, { url: page, msMax: 5_000 })).rejects.toThrow("is not as documented");
  const closed = await listen((_request, response) => void response.writeHead(403).end("{}"));
  await expect(logToMlflow(run, { url: closed, msMax: 5_000 })).rejects.toThrow("403");
});
