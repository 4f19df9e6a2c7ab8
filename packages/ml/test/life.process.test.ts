import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePrincipal, PRINCIPAL_HEADER, type RecommendationAnswer } from "@endcap/protocol";
import { request } from "undici";
import { expect, onTestFinished, test, vi } from "vitest";
import { startControl } from "./support/control.ts";
import { group, type House, newHouse } from "./support/house.ts";
import { upstreamsOf } from "./support/ml.ts";
import { browser, lamp, popular, shop, tenantA } from "./support/samples.ts";

const server = join(import.meta.dirname, "../src/server.ts");
const recommenderScript = join(import.meta.dirname, "support/recommender-process.ts");

async function start(
  script: string,
  args: string[],
): Promise<{ child: ChildProcess; url: string; ended: Promise<unknown> }> {
  const child = fork(script, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit").then(([code, signal]: unknown[]) => code ?? signal);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return { child, url, ended };
}

async function startMlProcess(house: House, snapshot: { url?: string; publicKeyFile: string }) {
  const config = join(house.dir, "ml.json");
  const { jwksFile, models, groupKeyFile } = house;
  const settings = {
    ...{
      port: 0,
      adminPort: 0,
      logLevel: "fatal",
      jwksFile,
      models,
      group,
      groupKeyFile,
      stateDir: join(house.dir, "node"),
    },
    ...{ snapshotUrl: snapshot.url, snapshotPublicKeyFile: snapshot.publicKeyFile, breakerOpenMs: 200 },
  };
  writeFileSync(config, JSON.stringify(settings));
  const ml = await start(server, ["--config", config]);
  const issuer = await house.issuer(["ml", "recommender"]);
  const ready = () => vi.waitUntil(async () => (await fetch(`${ml.url}/readyz`)).status === 200, { timeout: 10_000 });
  const ask = async (): Promise<RecommendationAnswer> => {
    const { statusCode, body } = await request(`${ml.url}/v1/recommendations`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await issuer.token()}`,
        "content-type": "application/json",
        [PRINCIPAL_HEADER]: encodePrincipal(browser({ anonymousId: "a_x" })),
      },
      body: JSON.stringify({ placement: "home" }),
    });
    expect(statusCode).toBe(200);
    return (await body.json()) as RecommendationAnswer;
  };
  /** Asks until the answer comes from where it should; every answer on the way is a list. */
  const askUntil = (fallback: "popular" | undefined) =>
    vi.waitFor(async () => expect((await ask()).fallback).toBe(fallback), { timeout: 15_000, interval: 20 });
  return { ...ml, ready, ask, askUntil };
}

test("it starts alone; its recommender is killed, replaced, stopped and continued, and every answer is a list", async () => {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("popular")]));
  const control = await startControl(house.dir);
  const first = await start(recommenderScript, [house.jwksFile, tenantA]);
  control.publish([shop(tenantA)], upstreamsOf(first.url));
  const ml = await startMlProcess(house, control);
  await ml.ready();
  await ml.askUntil(undefined);

  first.child.kill("SIGKILL");
  await first.ended;
  for (let call = 0; call < 20; call++) expect((await ml.ask()).fallback).toBe("popular");

  const port = new URL(first.url).port;
  const second = await start(recommenderScript, [house.jwksFile, tenantA, port]);
  await ml.askUntil(undefined);

  second.child.kill("SIGSTOP");
  await ml.askUntil("popular");
  second.child.kill("SIGCONT");
  await ml.askUntil(undefined);

  ml.child.kill("SIGTERM");
  expect(await ml.ended).toBe(0);
});

test("a cold start without control serves from the snapshot on disk", async () => {
  const house = newHouse();
  await house.publish(tenantA, popular([lamp("popular")]));
  const control = await startControl(house.dir);
  const recommender = await start(recommenderScript, [house.jwksFile, tenantA]);
  control.publish([shop(tenantA)], upstreamsOf(recommender.url));
  const before = await startMlProcess(house, control);
  await before.ready();
  before.child.kill("SIGTERM");
  expect(await before.ended).toBe(0);

  const after = await startMlProcess(house, { publicKeyFile: control.publicKeyFile });
  await after.ready();
  await after.askUntil(undefined);
});

test("a wrong configuration is refused with every fault at once", () => {
  const house = newHouse();
  const config = join(house.dir, "ml.json");
  writeFileSync(config, JSON.stringify({ deadlineMsDefault: "soon", colour: "green" }));
  const { status, stderr } = spawnSync(process.execPath, [server, "--config", config], { encoding: "utf8" });
  expect(status).toBe(1);
  for (const key of ["deadlineMsDefault", "colour", "models", "stateDir", "groupKeyFile"])
    expect(stderr).toContain(key);
});
