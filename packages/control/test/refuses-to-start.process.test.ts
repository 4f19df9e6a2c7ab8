import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { launchPostgres } from "../src/postgres/launch.ts";
import { isAlive, postmasterPid } from "../src/postgres/postmaster.ts";
import { startControl } from "./support/control.ts";
import { endcap } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const errorOf = (stdout: string) => (JSON.parse(stdout) as { error: { code: string; message: string } }).error;

test("control's own port in use: says which, and nothing keeps running", async () => {
  const root = tempDir();
  const port = await takenPort();
  const { code, stdout } = await endcap(root, ["up", "--free-ports", "--port", String(port), "--json"]);
  expect(code).toBe(1);
  expect(errorOf(stdout)).toMatchObject({ code: "port_in_use", message: expect.stringContaining(String(port)) });
  expect(isAlive(postmasterPid(join(root, "control/postgres")) ?? 2 ** 22)).toBe(false);
});

test("the gateway's port in use: its own words come through, and everything else stops", async () => {
  const root = tempDir();
  const port = await takenPort();
  const { code, stdout } = await endcap(root, ["up", "--free-ports", "--gateway-port", String(port), "--json"]);
  expect(code).toBe(1);
  expect(errorOf(stdout)).toMatchObject({
    code: "port_in_use",
    message: expect.stringContaining(`gateway: port ${port}`),
  });
  expect(isAlive(postmasterPid(join(root, "control/postgres")) ?? 2 ** 22)).toBe(false);
});

test("a data directory of a newer layout is refused and left as it is", async () => {
  const root = tempDir();
  writeFileSync(join(root, "VERSION"), "2\n");
  const { code, stdout, stderr } = await endcap(root, ["up", "--free-ports", "--json"]);
  expect(code).toBe(1);
  expect(errorOf(stdout).code).toBe("data_dir_newer");
  expect(stderr).toMatch(/^data_dir_newer .+ layout 2/);
  expect(readdirSync(root).filter((name) => name !== "logs")).toEqual(["VERSION"]);
  expect(readFileSync(join(root, "VERSION"), "utf8")).toBe("2\n");
});

test("a database with a migration from the future is refused", async () => {
  const root = tempDir();
  const control = await startControl(root);
  await control.close();
  const postgres = await launchPostgres({
    directory: join(root, "control/postgres"),
    logFile: join(root, "logs/postgres.log"),
    cacheDirectory: join(root, "cache"),
  });
  const client = new pg.Client(postgres.connection);
  await client.connect();
  await client.query("INSERT INTO control_migrations (name, run_on) VALUES ('9999_future', now())");
  await client.end();
  await postgres.stop();
  await expect(startControl(root)).rejects.toMatchObject({ code: "data_dir_newer" });
});

test("a wrong configuration names every fault", async () => {
  const { code, stdout } = await endcap(tempDir(), ["up", "--json"], {
    ENDCAP_CONTROL_READY_MS_MAX: "soon",
    ENDCAP_CONTROL_COLOUR: "green",
  });
  expect(code).toBe(1);
  const { code: what, message } = errorOf(stdout);
  expect(what).toBe("config_invalid");
  expect(message).toContain("readyMsMax");
  expect(message).toContain("ENDCAP_CONTROL_COLOUR");
});

test("commands say how to start what they miss, and where a command line is wrong", async () => {
  const root = tempDir();
  const missing = await endcap(root, ["tenant", "list"]);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(missing.stderr).toContain("start it with `npm start` or `endcap up`");
  const wrong = await endcap(root, ["tenant", "create", "oak", "--tier", "gold", "--json"]);
  expect(wrong.code).toBe(2);
  expect(errorOf(wrong.stdout).code).toBe("usage");
  expect((await endcap(root, ["keys", "--help"])).code).toBe(0);
  mkdirSync(join(root, "control"), { recursive: true });
  writeFileSync(join(root, "control/admin.json"), "{}");
  expect((await endcap(root, ["tenant", "list"])).stderr).toContain("not_running");
});
