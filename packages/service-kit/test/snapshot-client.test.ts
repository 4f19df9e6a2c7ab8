import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, it, onTestFinished } from "vitest";
import {
  createInternalIssuer,
  createSnapshotClient,
  type SnapshotClient,
  type SnapshotClientOptions,
  type SnapshotDelta,
} from "../src/index.ts";
import { change, secretsOf, startControl, tenantOf, whole } from "./support/control.ts";
import { writeGroupKeys } from "./support/keys.ts";
import { recordingLog } from "./support/service.ts";
import { tempDir } from "./support/temp-dir.ts";

const acorn = tenantOf("a");
const birch = tenantOf("b");

interface Receiver {
  readonly client: SnapshotClient;
  readonly deltas: SnapshotDelta[];
  readonly registry: Registry;
  readonly stateFile: string;
  readonly log: ReturnType<typeof recordingLog>["records"];
}

async function receiver(directory: string, options: Partial<SnapshotClientOptions> = {}): Promise<Receiver> {
  const { keyFile } = writeGroupKeys(directory);
  const issuer = await createInternalIssuer({ keyFile, group: "shared", audience: ["control"], tenants: "*" });
  const { log, records } = recordingLog();
  const deltas: SnapshotDelta[] = [];
  const registry = new Registry();
  const stateFile = join(directory, "nodes", "gateway", "snapshot.json");
  const client = createSnapshotClient({
    issuer,
    publicKeyFile: join(directory, "snapshot.pub.pem"),
    stateFile,
    nodeKeyFile: join(directory, "nodes", "gateway", "node.key"),
    secrets: true,
    onState: (_state, delta) => deltas.push(delta),
    log,
    registry,
    random: () => 0,
    ...options,
  });
  onTestFinished(() => client.close());
  await client.start();
  return { client, deltas, registry, stateFile, log: records };
}

const version = (client: SnapshotClient) => () => client.state?.version;

it("follows the stream: the whole, then changes, with the secrets sealed to this receiver", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client, deltas } = await receiver(directory, { url: control.url });
  const line = await control.next();
  expect(line.request.url).toBe("/internal/v1/snapshot?secrets=wrapped");
  expect(line.request.headers.authorization).toMatch(/^Bearer ey/);

  line.send(...whole(7, line.seal(acorn, secretsOf("first"))));
  await expect.poll(version(client)).toBe(7);
  expect(client.state?.tenants.get(acorn.id)).toEqual(acorn);
  expect(client.state?.tenants.secretsOf(acorn.id)).toEqual(secretsOf("first"));
  expect(client.state?.upstreams.get("collector")?.kind).toBe("collector");

  line.send(change(8, 7, line.seal(birch, secretsOf("second"))));
  await expect.poll(version(client)).toBe(8);
  expect([...(client.state?.tenants ?? [])]).toEqual([acorn, birch]);

  const gone = { ...change(9, 8), removedTenants: [acorn.id] };
  line.send(gone);
  await expect.poll(version(client)).toBe(9);
  expect(client.state?.tenants.has(acorn.id)).toBe(false);
  expect(client.state?.tenants.secretsOf(acorn.id)).toBeUndefined();
  expect(deltas).toEqual(["all", new Set([birch.id]), new Set([acorn.id])]);
});

it("asks for no secrets when it needs none", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client } = await receiver(directory, { url: control.url, secrets: false });
  const line = await control.next();
  expect(line.request.url).toBe("/internal/v1/snapshot");
  expect(line.request.headers["endcap-node-key"]).toBeUndefined();
  line.send(...whole(1, acorn));
  await expect.poll(version(client)).toBe(1);
  expect(client.state?.tenants.has(acorn.id)).toBe(true);
  expect(client.state?.tenants.secretsOf(acorn.id)).toBeUndefined();
});

it("never goes back: an older whole and a replayed change are passed over", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client, deltas } = await receiver(directory, { url: control.url, secrets: false });
  const line = await control.next();
  line.send(...whole(7, acorn, birch), ...whole(6, acorn), change(7, 6, acorn), change(8, 7));
  await expect.poll(version(client)).toBe(8);
  expect(client.state?.tenants.size).toBe(2);
  expect(deltas).toHaveLength(2);
});

it("asks for the whole again when a version is missing", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client } = await receiver(directory, { url: control.url, secrets: false });
  const first = await control.next();
  first.send(...whole(1, acorn), change(3, 2, birch));
  const second = await control.next();
  expect(client.state?.version).toBe(1);
  second.send(...whole(3, acorn, birch));
  await expect.poll(version(client)).toBe(3);
  second.send({ kind: "heartbeat", version: 4 });
  await control.next();
});

it("says what it has when it comes back, and takes a heartbeat for all there is to know", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client, deltas } = await receiver(directory, { url: control.url });
  const first = await control.next();
  first.send(...whole(4, first.seal(acorn, secretsOf("first"))));
  await expect.poll(version(client)).toBe(4);
  first.end();
  const second = await control.next();
  expect(second.request.url).toBe("/internal/v1/snapshot?secrets=wrapped&since=4");
  second.send({ kind: "heartbeat", version: 4 }, change(5, 4, second.seal(birch, secretsOf("second"))));
  await expect.poll(version(client)).toBe(5);
  expect(deltas).toEqual(["all", new Set([birch.id])]);
});

it.each([
  ["no JSON", () => "{\n"],
  ["unsigned", () => `${JSON.stringify({ at: 1, body: JSON.stringify(change(2, 1, birch)) })}\n`],
  [
    "signed by somebody else",
    () => `${JSON.stringify({ at: 1, body: JSON.stringify(change(2, 1, birch)), signature: "A".repeat(86) })}\n`,
  ],
])("breaks off at a line that is %s, and keeps what it has", async (_name, raw) => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client, log } = await receiver(directory, { url: control.url, secrets: false });
  const line = await control.next();
  line.send(...whole(1, acorn));
  await expect.poll(version(client)).toBe(1);
  line.sendRaw(raw());
  await control.next();
  expect(client.state?.version).toBe(1);
  expect(log.some(({ msg }) => msg === "the connection to control broke")).toBe(true);
});

it("refuses secrets that were sealed for another tenant", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client } = await receiver(directory, { url: control.url });
  const line = await control.next();
  const { sealed } = line.seal(birch, secretsOf("birch"));
  line.send(...whole(1, { ...acorn, ...(sealed !== undefined && { sealed }) }));
  await control.next();
  expect(client.state).toBeUndefined();
});

it("starts cold from disk with control down, and comes back when control does", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const before = await receiver(directory, { url: control.url });
  const line = await control.next();
  line.send(...whole(5, line.seal(acorn, secretsOf("hush"))));
  await expect.poll(version(before.client)).toBe(5);
  await before.client.close();
  await control.stop();

  const file = readFileSync(before.stateFile, "utf8");
  const key = secretsOf("hush").sessions[0]?.key ?? "";
  expect(file).toContain(acorn.id);
  expect(file).not.toContain(key);
  expect(statSync(before.stateFile).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "nodes", "gateway", "node.key")).mode & 0o777).toBe(0o600);

  const port = Number(new URL(control.url).port);
  const after = await receiver(directory, { url: control.url });
  expect(after.client.state?.version).toBe(5);
  expect(after.client.state?.tenants.secretsOf(acorn.id)).toEqual(secretsOf("hush"));

  const again = await startControl(directory, port);
  const second = await again.next();
  second.send(...whole(6, second.seal(acorn, secretsOf("new"))));
  await expect.poll(version(after.client)).toBe(6);
  expect(after.client.state?.tenants.secretsOf(acorn.id)).toEqual(secretsOf("new"));
});

it("refuses a file on disk with a changed byte, and starts without it", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const before = await receiver(directory, { url: control.url });
  const line = await control.next();
  line.send(...whole(5, acorn));
  await expect.poll(version(before.client)).toBe(5);
  await before.client.close();
  const file = readFileSync(before.stateFile, "utf8");
  writeFileSync(before.stateFile, file.replace("127.0.0.1:7402", "127.0.0.1:6666"));
  const after = await receiver(directory);
  expect(after.client.state).toBeUndefined();
  expect(after.log.some(({ msg }) => msg === "the snapshot on disk was refused")).toBe(true);
});

it("shows its age and version", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  let time = 1_000_000;
  const { client, registry } = await receiver(directory, { url: control.url, secrets: false, monotonic: () => time });
  const line = await control.next();
  line.send(...whole(3, acorn));
  await expect.poll(version(client)).toBe(3);
  time += 42_000;
  expect(client.ageMs()).toBe(42_000);
  const metrics = await registry.metrics();
  expect(metrics).toContain("endcap_snapshot_age_seconds 42");
  expect(metrics).toContain("endcap_snapshot_version 3");
});

it("knows across a restart how long control has been silent, whatever the clock is set to", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const before = await receiver(directory, { url: control.url });
  (await control.next()).send(...whole(3, acorn));
  await expect.poll(version(before.client)).toBe(3);
  await before.client.close();
  const hour = 3_600_000;
  utimesSync(before.stateFile, new Date(), new Date(Date.now() - hour));
  const after = await receiver(directory, {});
  expect(after.client.ageMs()).toBeGreaterThanOrEqual(hour);
  expect(after.client.ageMs()).toBeLessThan(hour + 60_000);
  const setBack = await receiver(directory, { now: () => Date.now() - 2 * hour });
  expect(setBack.client.ageMs()).toBeLessThan(60_000);
});

it("a change that cannot be opened changes nothing", async () => {
  const directory = tempDir();
  const control = await startControl(directory);
  const { client } = await receiver(directory, { url: control.url });
  const line = await control.next();
  line.send(...whole(1, line.seal(acorn, secretsOf("first"))));
  await expect.poll(version(client)).toBe(1);
  const good = line.seal(birch, secretsOf("second"));
  const bad = { ...line.seal(acorn, secretsOf("third")), slug: "changed", sealed: "AAAA" };
  line.send(change(2, 1, good, bad));
  const again = await control.next();
  expect([...(client.state?.tenants ?? [])]).toEqual([acorn]);
  again.send(...whole(2, again.seal(acorn, secretsOf("first"))));
  await expect.poll(version(client)).toBe(2);
});
