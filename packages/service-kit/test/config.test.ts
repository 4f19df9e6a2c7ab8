import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { ConfigError, defineConfig, describeConfig, formatConfig, loadConfig, serviceKeys } from "../src/index.ts";
import { tempDir } from "./support/temp-dir.ts";

const spec = defineConfig({
  service: "demo-shop",
  schema: Type.Object({
    ...serviceKeys({ port: 7402, adminPort: 7412 }),
    jwksFile: Type.String({ description: "public keys" }),
    ratio: Type.Number({ description: "a share", default: 0.5, maximum: 1 }),
    loud: Type.Boolean({ description: "a switch", default: false }),
    origins: Type.Array(Type.String(), { description: "a list", default: [] }),
    masterKey: Type.Optional(Type.String({ description: "a secret", secret: true, minLength: 8 })),
    store: Type.Object(
      { uri: Type.String(), password: Type.Optional(Type.String({ secret: true })) },
      { description: "a nested thing", default: { uri: "lmdb:data" } },
    ),
  }),
});

async function faultsOf(load: Promise<unknown>): Promise<readonly { key: string; where: string; message: string }[]> {
  try {
    await load;
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error("no fault was found");
}

describe("configuration", () => {
  it("takes the environment over the file over defaults, and says which", async () => {
    const file = join(tempDir(), "demo.yaml");
    writeFileSync(file, "jwksFile: from-file\nport: 1\nratio: 0.25\n");
    const loaded = await loadConfig(spec, {
      argv: ["--config", file],
      env: { ENDCAP_DEMO_SHOP_PORT: "2", ENDCAP_DEMO_SHOP_LOUD: "true", ENDCAP_OTHER_X: "1", HOME: "/" },
    });
    expect(loaded.config).toMatchObject({ jwksFile: "from-file", port: 2, ratio: 0.25, loud: true, adminPort: 7412 });
    expect(loaded.sources).toMatchObject({ port: "env", jwksFile: "file", adminPort: "default", masterKey: "unset" });
  });

  it("reads lists and objects from the environment", async () => {
    const { config } = await loadConfig(spec, {
      env: {
        ENDCAP_DEMO_SHOP_JWKS_FILE: "x",
        ENDCAP_DEMO_SHOP_ORIGINS: "https://a.example, https://b.example",
        ENDCAP_DEMO_SHOP_STORE: '{"uri":"s3:bucket"}',
      },
    });
    expect(config.origins).toEqual(["https://a.example", "https://b.example"]);
    expect(config.store).toEqual({ uri: "s3:bucket" });
  });

  it("reports every fault at once: unknown keys, unknown variables, wrong and missing values", async () => {
    const file = join(tempDir(), "demo.json");
    writeFileSync(file, JSON.stringify({ prot: 7402, ratio: 2, store: { uri: 5 } }));
    const faults = await faultsOf(
      loadConfig(spec, { file, env: { ENDCAP_DEMO_SHOP_PORT: "http", ENDCAP_DEMO_SHOP_JWKS: "x" } }),
    );
    expect(faults.map(({ key }) => key)).toEqual([
      "prot",
      "ENDCAP_DEMO_SHOP_JWKS",
      "port",
      "jwksFile",
      "ratio",
      "store.uri",
    ]);
  });

  it.each([
    ["yaml", "jwksFile: x\nratio: 2\nlogLevel: loud\nprot: 1\nstore:\n  password: secret\n  uri: 5\n"],
    [
      "json",
      '{\n"ratio": 2, "jwksFile": "x",\n"logLevel": "loud",\n"prot": 1, "store":{\n"password": "secret",\n\n"uri": 5}}',
    ],
  ])("names the line of each fault in a %s file, and what would be right", async (kind, text) => {
    const file = join(tempDir(), `demo.${kind}`);
    writeFileSync(file, text);
    const faults = await faultsOf(loadConfig(spec, { file }));
    expect(faults.map(({ key, where }) => [key, where])).toEqual([
      ["prot", `${file}:4`],
      ["logLevel", `${file}:3`],
      ["ratio", `${file}:2`],
      ["store.uri", `${file}:7`],
    ]);
    const [prot, logLevel] = faults.map(({ message }) => message);
    expect(prot).toBe(`unknown key; allowed here: ${Object.keys(spec.schema.properties).join(", ")}`);
    expect(logLevel).toBe("must be one of trace, debug, info, warn, error, fatal, silent");
  });

  it("never prints a value that was refused", async () => {
    const secret = "hunter2";
    const load = loadConfig(spec, { env: { ENDCAP_DEMO_SHOP_MASTER_KEY: secret } });
    await expect(load).rejects.toThrow(/masterKey/);
    await expect(load).rejects.not.toThrow(secret);
    const file = join(tempDir(), "demo.json");
    writeFileSync(file, `{"masterKey": "${secret}",}`);
    await expect(loadConfig(spec, { file })).rejects.toThrow(/demo\.json:1\b/);
    await expect(loadConfig(spec, { file })).rejects.not.toThrow(secret);
    const broken = join(tempDir(), "demo.yaml");
    writeFileSync(broken, `port: 1\nmasterKey: ${secret}\n  origins: [\n`);
    await expect(loadConfig(spec, { file: broken })).rejects.toThrow(/cannot be parsed \(.*demo\.yaml:[23]\)/);
    await expect(loadConfig(spec, { file: broken })).rejects.not.toThrow(secret);
  });

  it.each([
    ["no such file", "missing.json"],
    ["must end in", "config.toml"],
  ])("says %j of %s", async (message, name) => {
    await expect(loadConfig(spec, { file: join(tempDir(), name) })).rejects.toThrow(message);
  });

  it("refuses arguments it does not know", async () => {
    expect((await faultsOf(loadConfig(spec, { argv: ["--prot", "1"] })))[0]?.key).toBe("arguments");
  });

  it("is frozen all the way down, and its defaults cannot leak into the next load", async () => {
    const { config } = await loadConfig(spec, { env: { ENDCAP_DEMO_SHOP_JWKS_FILE: "x" } });
    expect(Object.isFrozen(config) && Object.isFrozen(config.store) && Object.isFrozen(config.origins)).toBe(true);
    expect(Object.isFrozen(spec.schema.properties.store)).toBe(false);
  });

  it("redacts what the schema calls secret, at any depth, and nothing else", async () => {
    const loaded = await loadConfig(spec, {
      env: {
        ENDCAP_DEMO_SHOP_JWKS_FILE: "keys.json",
        ENDCAP_DEMO_SHOP_MASTER_KEY: "correct horse",
        ENDCAP_DEMO_SHOP_STORE: '{"uri":"pg:x","password":"battery staple"}',
      },
    });
    const rows = new Map(describeConfig(loaded).map((row) => [row.key, row]));
    expect(rows.get("masterKey")).toMatchObject({ value: '"[redacted]"', source: "env" });
    expect(rows.get("store")?.value).toBe('{"uri":"pg:x","password":"[redacted]"}');
    expect(rows.get("jwksFile")?.value).toBe('"keys.json"');
    const text = formatConfig(loaded);
    expect(text).not.toMatch(/horse|staple/);
    expect(text.split("\n")).toHaveLength(Object.keys(spec.schema.properties).length);
  });

  it("insists on a description for every key", () => {
    expect(() => defineConfig({ service: "x", schema: Type.Object({ a: Type.String() }) })).toThrow("x.a");
  });
});
