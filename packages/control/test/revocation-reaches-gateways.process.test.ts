import { join } from "node:path";
import { base64urlDecode, decodeSecret, deriveKeys, type SnapshotMessage, tenantSessionKey } from "@endcap/protocol";
import { createInternalIssuer, createSnapshotClient, type SnapshotState } from "@endcap/service-kit";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import type { IssuedKey } from "../src/keys/model.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { startControl, type TestControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

/** What the signed lines of a stream say. */
async function* messagesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<SnapshotMessage> {
  let text = "";
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString("latin1");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(JSON.parse(line).body);
  }
}

type Created = TenantView & { keys: IssuedKey[] };

/** A receiver as gateway (`shared`, with secrets) or ml runs it. */
async function receiver(control: TestControl, group: "shared" | "ml", nodeDir: string) {
  let onState: (state: SnapshotState) => void = () => undefined;
  const { dataDir, url } = control;
  const client = createSnapshotClient({
    url,
    issuer: await createInternalIssuer({
      keyFile: join(dataDir.keys, `${group}.key`),
      group,
      audience: ["control"],
      tenants: "*",
    }),
    publicKeyFile: dataDir.snapshotPublicKey,
    stateFile: join(nodeDir, `${group}.json`),
    nodeKeyFile: join(nodeDir, `${group}.node.key`),
    secrets: group === "shared",
    onState: (state) => onState(state),
    log: pino({ level: "silent" }),
    registry: new Registry(),
  });
  onTestFinished(() => client.close());
  await client.start();
  /** Resolves when a state satisfies the condition. */
  const until = (condition: (state: SnapshotState) => boolean) =>
    new Promise<SnapshotState>((resolve) => {
      onState = (state) => condition(state) && resolve(state);
      if (client.state !== undefined && condition(client.state)) resolve(client.state);
    });
  return { client, until };
}

test("gateways learn keys, changes and revocations; the slowest of 50 revocations takes less than a second", async () => {
  const root = tempDir();
  const control = await startControl(root);
  const { call } = control;
  const { body: tenant } = await call<Created>("POST", "/v1/tenants", {
    slug: "oak",
    tier: "standard",
    issueKeys: ["live"],
  });
  const secret = tenant.keys.find((key) => key.kind === "secret");

  const gateway = await receiver(control, "shared", tempDir());
  const state = await gateway.until(({ tenants }) => tenants.has(tenant.id));
  expect(state.tenants.get(tenant.id)).toMatchObject({
    slug: "oak",
    limits: { requestsPerSecond: 200 },
    routes: { collector: "collector", ml: "ml", recommender: null },
    placements: [{ id: "cart" }, { id: "home" }, { id: "product" }],
  });
  // What the gateway was given is what a customer's SDK derives from the secret.
  const given = state.tenants.secretsOf(tenant.id);
  const derived = deriveKeys(secret?.id ?? "", decodeSecret(secret?.secret ?? "") ?? new Uint8Array());
  expect(base64urlDecode(given?.keys[secret?.id ?? ""]?.request ?? "")).toEqual(derived.request);
  expect(base64urlDecode(given?.keys[secret?.id ?? ""]?.identity ?? "")).toEqual(derived.identity);
  expect(given?.sessions).toHaveLength(1);
  expect(JSON.stringify(given)).not.toContain(secret?.secret);
  expect(tenantSessionKey(new Uint8Array(32), tenant.id)).not.toEqual(base64urlDecode(given?.sessions[0]?.key ?? ""));

  const ml = await receiver(control, "ml", tempDir());
  await ml.until(({ tenants }) => tenants.has(tenant.id));
  expect(ml.client.state?.tenants.secretsOf(tenant.id)).toBeUndefined();

  const milliseconds: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const { body: key } = await call<IssuedKey>("POST", "/v1/tenants/oak/keys", { kind: "secret" });
    await gateway.until(({ tenants }) => tenants.secretsOf(tenant.id)?.keys[key.id] !== undefined);
    const startedAt = performance.now();
    const revoked = gateway.until(({ tenants }) => tenants.secretsOf(tenant.id)?.keys[key.id] === undefined);
    await call("POST", `/v1/tenants/oak/keys/${key.id}/revoke`);
    await revoked;
    milliseconds.push(performance.now() - startedAt);
  }
  expect(Math.max(...milliseconds)).toBeLessThan(1_000);

  await call("POST", "/v1/tenants/oak/sessions/some-session/revoke");
  await gateway.until(({ revokedSessions }) => revokedSessions.has("some-session"));
  await call("PATCH", "/v1/tenants/oak", { state: "suspended" });
  await gateway.until(({ tenants }) => tenants.get(tenant.id)?.state === "suspended");
  await call("DELETE", "/v1/tenants/oak");
  await gateway.until(({ tenants }) => !tenants.has(tenant.id));
});

test("a gateway that missed changes while control was down catches up", async () => {
  const root = tempDir();
  const node = tempDir();
  const first = await startControl(root);
  await first.call("POST", "/v1/tenants", { slug: "oak", tier: "standard", issueKeys: ["live"] });
  const before = await receiver(first, "shared", node);
  const { version } = await before.until(({ tenants }) => tenants.size === 1);
  await before.client.close();
  await first.call("POST", "/v1/tenants", { slug: "elm", tier: "premium" });
  await first.close();

  const second = await startControl(root);
  const after = await receiver(second, "shared", node);
  expect(after.client.state?.version).toBe(version);
  const { tenants } = await after.until((state) => state.version > version);
  expect([...tenants].map(({ slug }) => slug).sort()).toEqual(["elm", "oak"]);
});

test("whoever has the newest version is sent what comes after it, and everybody else the whole", async () => {
  const control = await startControl(tempDir());
  await control.call("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const keyFile = join(control.dataDir.keys, "ml.key");
  const issuer = await createInternalIssuer({ keyFile, group: "ml", audience: ["control"], tenants: "*" });
  const ask = async (since: string) => {
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    const { body } = await fetch(new URL(`/internal/v1/snapshot${since}`, control.url), {
      headers,
    });
    return messagesOf(body);
  };
  let newest = -1;
  for await (const { kind, version } of await ask("")) {
    newest = version;
    if (kind === "end") break;
  }
  const held = await ask(`?since=${newest}`);
  expect((await held.next()).value).toEqual({ kind: "heartbeat", version: newest });
  await control.call("POST", "/v1/tenants", { slug: "elm", tier: "standard" });
  expect((await held.next()).value).toMatchObject({ kind: "change", previous: newest });
  const old = await ask(`?since=${newest}`);
  expect((await old.next()).value).toMatchObject({ kind: "begin" });
  for (const stream of [held, old]) await stream.return(undefined);
});

test("ml gets no secrets even if it asks, and a stranger gets nothing", async () => {
  const control = await startControl(tempDir());
  const url = new URL("/internal/v1/snapshot", control.url);
  const token = async (group: "shared" | "ml") =>
    (
      await createInternalIssuer({
        keyFile: join(control.dataDir.keys, `${group}.key`),
        group,
        audience: ["control"],
        tenants: "*",
      })
    ).token();
  const nodeKey = Buffer.alloc(32, 9).toString("base64url");
  const asked = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
  expect(await asked({})).toBe(401);
  expect(await asked({ authorization: `Bearer ${control.adminToken}` })).toBe(401);
  expect(await asked({ authorization: `Bearer ${await token("ml")}`, "endcap-node-key": nodeKey })).toBe(403);
  expect(await asked({ authorization: `Bearer ${await token("shared")}`, "endcap-node-key": "short" })).toBe(400);
});
