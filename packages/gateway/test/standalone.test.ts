import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKeyId, newSecret } from "@endcap/protocol";
import { loadConfig, type Service } from "@endcap/service-kit";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { buildGateway, gatewayConfig } from "../src/index.ts";
import { bootstrap, send } from "./support/edge.ts";

const root = mkdtempSync(join(tmpdir(), "endcap-standalone-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
const [pk, otherPk] = [newKeyId("publishable", "live", random), newKeyId("publishable", "live", random)];
const sk = newKeyId("secret", "live", random);
const origin = "https://shop.example";

const upstreams = `upstreams:
  - { id: collector, url: http://127.0.0.1:1 }
  - { id: ml, url: http://127.0.0.1:1 }
`;
const withKey = (id: string) => `${upstreams}tenants:
  - slug: acorn
    origins: [${origin}]
    keys: [{ id: ${id} }]
`;

let count = 0;
function place(content: string): { file: string; directory: string } {
  count += 1;
  const directory = join(root, String(count));
  mkdirSync(directory);
  const file = join(directory, "gateway.yaml");
  writeFileSync(file, content);
  return { file, directory };
}

async function gatewayOf(file: string): Promise<{ service: Service; url: string; adminUrl: string }> {
  const env = {
    ENDCAP_GATEWAY_PORT: "0",
    ENDCAP_GATEWAY_ADMIN_PORT: "0",
    ENDCAP_GATEWAY_LOG_LEVEL: "silent",
    ENDCAP_GATEWAY_SNAPSHOT_FILE: file,
    ENDCAP_GATEWAY_NODE_DIR: join(root, "node"),
    ENDCAP_GATEWAY_SDK_DIR: root,
  };
  const service = await buildGateway((await loadConfig(gatewayConfig, { env })).config);
  const address = await service.listen();
  onTestFinished(() => service.close());
  return { service, ...address };
}

const sessionStatus = async (url: string, key: string): Promise<number> => {
  const init = { method: "POST", headers: { "content-type": "text/plain", origin }, body: JSON.stringify({ key }) };
  return (await send(`${url}/v1/sessions`, init)).status;
};

/** Every line of what a file is refused with. */
async function faultsOf(content: string): Promise<string[]> {
  const { file } = place(content);
  const refused = await gatewayOf(file).then(
    () => "accepted",
    (error: Error) => error.message,
  );
  return refused.split("\n").map((line) => line.replace(file, "f"));
}

it("serves from one file, with keys of its own making", async () => {
  const { file } = place(withKey(pk));
  const { url, adminUrl } = await gatewayOf(file);
  expect(await sessionStatus(url, pk)).toBe(200);
  expect(await sessionStatus(url, otherPk)).toBe(401);
  expect((await send(`${adminUrl}/internal/v1/status`, {})).body).toMatchObject({ tenants: 1, upstreams: 2 });
  // An event finds its upstream, which nobody runs here.
  expect((await send(`${url}/v1/events`, bootstrap({ pk, origin }, { events: [] }))).body.code).toBe(
    "upstream_unavailable",
  );
});

it.each([
  [
    "a tier",
    "tenants: [{ slug: a, tier: gold }]",
    "f:4:22: tenants.0.tier: must be one of standard, premium, enterprise",
  ],
  [
    "a key of the file",
    "tenant: []\ntenants: []",
    "f:4:1: unknown key tenant; allowed here: upstreams, tenants, sessionMasters, revokedSessions",
  ],
  ["a slug", "tenants: [{ id: tnt-aaaaaaaaaaaaaaaa }]", "f:4:11: tenants.0: slug missing"],
  [
    "an upstream",
    "tenants:\n  - slug: a\n    routes: { collector: collecter }",
    "f:6:15: unknown upstream collecter: one of collector",
  ],
  [
    "a kind",
    "tenants:\n  - slug: a\n    routes: { collector: ml }",
    "f:6:15: upstream ml is of kind ml, not collector: one of collector",
  ],
  [
    "a canary",
    "tenants:\n  - slug: a\n    routes: { canaries: { ml: { upstream: ml2, share: 0.1 } } }",
    "f:6:33: unknown upstream ml2: one of ml",
  ],
  [
    "a key id",
    "tenants: [{ slug: a, keys: [{ id: pk_live_x }] }]",
    "f:4:31: not a key id: pk_ or sk_, live_ or test_, twenty letters and their checksum of four",
  ],
  [
    "a secret",
    `tenants: [{ slug: a, keys: [{ id: ${sk} }] }]`,
    "f:4:29: secret missing: { env: NAME } or { file: path }",
  ],
  [
    "an origin",
    "tenants: [{ slug: a, origins: [https://a.example/x] }]",
    "f:4:32: must be an origin, https://shop.example, or https://*.shop.example",
  ],
  ["a slug twice", "tenants: [{ slug: a }, { slug: a }]", "f:4:26: slug a is there twice"],
  ["a limit", "tenants: [{ slug: a, limits: { burst: 0 } }]", "f:4:32: tenants.0.limits.burst: must be >= 1"],
  ["YAML", "tenants: [{ slug: a ]", "f:4:21: Flow map"],
  [
    "a secret's variable",
    `tenants: [{ slug: a, keys: [{ id: ${sk}, secret: { env: NOT_SET } }] }]`,
    "f:4:69: the environment variable NOT_SET is not set",
  ],
  [
    "a secret's member",
    `tenants: [{ slug: a, keys: [{ id: ${sk}, secret: { enf: X } }] }]`,
    "f:4:79: unknown key enf; allowed here: env, file",
  ],
])("refuses %s that is wrong, by line and column and with what is allowed", async (_what, tenants, expected) => {
  const faults = await faultsOf(upstreams + tenants);
  expect(faults.join("\n")).toContain(expected);
});

it("refuses a missing upstream of a route that was left out", async () => {
  const faults = await faultsOf("upstreams: [{ id: ml, url: http://a }]\ntenants: [{ slug: a }]");
  expect(faults).toEqual(["f:2:11: unknown upstream collector: there is none of kind collector"]);
});

it("tells every fault at once and never a secret", async () => {
  process.env.ENDCAP_TEST_SECRET = "hunter2hunter2";
  const key = `{ id: ${sk}, secret: { env: ENDCAP_TEST_SECRET } }`;
  const faults = await faultsOf(`${upstreams}tenants:\n  - { slug: a, keys: [${key}] }\n  - { slug: a }\n`);
  expect(faults).toHaveLength(2);
  expect(faults.join()).not.toContain("hunter2");
});

const settled = { timeout: 10_000, interval: 50 };

it("takes a changed file over, keeps the good one while it is wrong, and says what is wrong", async () => {
  const { file } = place(withKey(pk));
  const { url, adminUrl } = await gatewayOf(file);
  writeFileSync(file, `${withKey(otherPk)}nonsense: 1\n`);
  const fault = async () => String((await send(`${adminUrl}/internal/v1/status`, {})).body.snapshotFault);
  await vi.waitFor(async () => expect(await fault()).toContain("unknown key nonsense"), settled);
  expect(await sessionStatus(url, pk)).toBe(200);
  writeFileSync(file, withKey(otherPk));
  await vi.waitFor(async () => expect(await sessionStatus(url, otherPk)).toBe(200), settled);
  expect(await sessionStatus(url, pk)).toBe(401);
  expect((await send(`${adminUrl}/internal/v1/status`, {})).body.snapshotFault).toBeNull();
});

it("survives an editor's rename and Kubernetes' symlink swap, again and again", async () => {
  const { directory } = place("");
  for (const [name, key] of [
    ["v1", pk],
    ["v2", otherPk],
    ["v3", pk],
  ] as const) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, "mounted.yaml"), withKey(key));
  }
  symlinkSync("v1", join(directory, "..data"));
  symlinkSync(join("..data", "mounted.yaml"), join(directory, "mounted.yaml"));
  const { url } = await gatewayOf(join(directory, "mounted.yaml"));
  expect(await sessionStatus(url, pk)).toBe(200);
  for (const [version, key] of [
    ["v2", otherPk],
    ["v3", pk],
  ] as const) {
    symlinkSync(version, join(directory, "..next"));
    renameSync(join(directory, "..next"), join(directory, "..data"));
    await vi.waitFor(async () => expect(await sessionStatus(url, key)).toBe(200), settled);
  }

  const { file } = place(withKey(pk));
  const edited = await gatewayOf(file);
  for (const key of [otherPk, pk]) {
    writeFileSync(`${file}~`, withKey(key));
    renameSync(`${file}~`, file);
    await vi.waitFor(async () => expect(await sessionStatus(edited.url, key)).toBe(200), settled);
  }
});

it("follows a secret's file", async () => {
  const { file, directory } = place("");
  const secret = join(directory, "secret");
  const [first, second] = [newSecret(random), newSecret(random)];
  writeFileSync(secret, `${first}\n`);
  writeFileSync(file, `${upstreams}tenants:\n  - slug: acorn\n    keys: [{ id: ${sk}, secret: { file: secret } }]\n`);
  const { url } = await gatewayOf(file);
  const code = async (text: string) => {
    const headers = { authorization: `Bearer ${sk}.${text}`, "content-type": "application/json" };
    return (await send(`${url}/v1/events`, { method: "POST", headers, body: "{}" })).body.code;
  };
  expect(await code(first)).toBe("upstream_unavailable");
  writeFileSync(secret, second);
  await vi.waitFor(async () => expect(await code(second)).toBe("upstream_unavailable"), settled);
  expect(await code(first)).not.toBe("upstream_unavailable");
});

it("is either standalone or controlled", async () => {
  const { file } = place(withKey(pk));
  const env = { ENDCAP_GATEWAY_SNAPSHOT_FILE: file, ENDCAP_GATEWAY_NODE_DIR: join(root, "node") };
  const both = await loadConfig(gatewayConfig, { env: { ...env, ENDCAP_GATEWAY_CONTROL_URL: "http://127.0.0.1:1" } });
  await expect(buildGateway(both.config)).rejects.toThrow("controlUrl");
  await expect(buildGateway((await loadConfig(gatewayConfig, { env: {} })).config)).rejects.toThrow(
    "ENDCAP_GATEWAY_KEY_FILE",
  );
});
