import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EndcapError, ERRORS, isErrorCode, isRetryableStatus, problem } from "../src/index.ts";

const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const documented = [...page.matchAll(/<a id="([a-z0-9_]+)">/g)].map(([, code]) => code as string);

it("every code is documented, and every documented code exists", () => {
  expect([...documented].sort()).toEqual(Object.keys(ERRORS).sort());
});

it("statuses, titles and hints stand in the page as in the catalogue", () => {
  for (const [code, { status, title, hint }] of Object.entries(ERRORS)) {
    expect(page).toContain(`\`${code}\` | ${status > 0 ? `${status} | ` : ""}${title} | ${hint} |`);
  }
});

it("a problem shows the public message and keeps the internal one", () => {
  const error = new EndcapError("upstream_unavailable", { internal: "connect ECONNREFUSED 10.0.0.7:7402" });
  expect(error.message).toContain("ECONNREFUSED");
  expect(JSON.stringify(error.toProblem("req-1"))).not.toContain("10.0.0.7");
  expect(error.toProblem("req-1")).toMatchObject({ status: 502, code: "upstream_unavailable", instance: "req-1" });
  expect(problem("port_in_use").status).toBe(500);
});

it("knows its own codes and which statuses may be tried again", () => {
  expect(isErrorCode("batch_changed")).toBe(true);
  expect(isErrorCode("toString")).toBe(false);
  expect([400, 401, 404, 409, 413, 501].some(isRetryableStatus)).toBe(false);
  expect([408, 425, 429, 500, 502, 503, 504].every(isRetryableStatus)).toBe(true);
});
