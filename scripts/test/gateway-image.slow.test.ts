/**
 * The steps of deploy/docker/gateway.Dockerfile in a directory of their own, as no Docker engine is at hand everywhere:
 * its COPY lines from this repository, its RUN lines by a shell, its ENTRYPOINT on what they left, with nothing else of
 * the repository in reach. What this does not show is the base image.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { copiesOf, stagesOf } from "../docker/dockerfile.ts";

const root = path.join(import.meta.dirname, "../..");
const [build = [], runtime = []] = stagesOf(path.join(root, "deploy/docker/gateway.Dockerfile"));
const ignored = new Set(["node_modules", "dist"]);

async function shell(command: string, cwd: string): Promise<void> {
  process.stdout.write(`$ ${command}\n`);
  const env = { ...process.env, CI: "true", NODE_OPTIONS: "" };
  const child = spawn("sh", ["-ec", command], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
}

it("the image's steps build a gateway that serves from one file", async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "endcap-image-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const [src, app] = [path.join(scratch, "src"), path.join(scratch, "app")];
  mkdirSync(src);

  for (const step of build) {
    for (const { sources, target } of copiesOf([step])) {
      for (const source of sources) {
        const to = path.join(src, target, target.endsWith("/") ? path.basename(source) : "");
        cpSync(path.join(root, source), to, { recursive: true, filter: (file) => !ignored.has(path.basename(file)) });
      }
    }
    // pnpm is the repository's own, which is of the same version; installing another for everybody is not ours to do.
    if (step.name !== "RUN" || step.text.startsWith("npm install --global")) continue;
    await shell(step.text.replaceAll("/app", app), src);
  }
  // From here on there is only what the second stage takes along.
  rmSync(src, { recursive: true });

  const file = path.join(scratch, "gateway.yaml");
  const page = readFileSync(path.join(root, "docs/gateway.md"), "utf8");
  writeFileSync(file, /^```yaml file=gateway\.yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? "");
  const entry: string[] = JSON.parse(runtime.find(({ name }) => name === "ENTRYPOINT")?.text ?? "[]");
  const [command = "", ...args] = entry;
  const child = spawn(command, args, {
    cwd: app,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      SHOP_SECRET: Buffer.alloc(32, 7).toString("base64url"),
      ENDCAP_GATEWAY_SDK_DIR: path.join(app, "sdk"),
      ENDCAP_GATEWAY_SNAPSHOT_FILE: file,
      ENDCAP_GATEWAY_NODE_DIR: path.join(scratch, "node"),
      ENDCAP_GATEWAY_PORT: "0",
      ENDCAP_GATEWAY_ADMIN_PORT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.setEncoding("utf8");
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`the gateway ended with ${code}: ${said}`)));
    child.stdout.on("data", (chunk: string) => {
      said += chunk;
      const found = /listens on (http:\/\/[^,\s]+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });

  const session = await fetch(`${url}/v1/sessions`, {
    method: "POST",
    headers: { origin: "https://shop.example", "content-type": "text/plain;charset=UTF-8" },
    body: JSON.stringify({ key: "pk_live_yxxhp35fu7yjjpauvfmxnin5" }),
  });
  expect(session.status).toBe(200);
  const script = await fetch(`${url}/sdk/v1.js`);
  expect([script.status, script.headers.get("content-type")]).toEqual([200, expect.stringContaining("javascript")]);
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
