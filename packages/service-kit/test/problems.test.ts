import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { EndcapError } from "@endcap/protocol";
import { Type } from "typebox";
import { beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../src/index.ts";
import { type LogRecord, testService } from "./support/service.ts";

let service: Service;
let records: LogRecord[];

beforeEach(() => {
  ({ service, records } = testService({ bodyLimitBytes: 1_000 }));
  const { app } = service;
  const body = Type.Object({ name: Type.String(), size: Type.Integer() }, { additionalProperties: false });
  app.post("/things", { schema: { body } }, async ({ body }) => body);
  app.get("/things/:n", { schema: { params: Type.Object({ n: Type.Integer() }) } }, async ({ params }) => params);
  app.get("/refused", async () => {
    throw new EndcapError("item_not_found", {
      internal: "looked for SECRET-1 in table 9",
      detail: "No such item here.",
    });
  });
  app.get("/broken", async () => {
    throw new Error("connect ECONNREFUSED 10.0.0.7:7402");
  });
  app.get("/throttled", async (_request, reply) => {
    reply.header("retry-after", "7");
    throw new EndcapError("rate_limited");
  });
  const response = { 200: Type.Object({ a: Type.String() }), 404: Type.Object({ nothing: Type.String() }) };
  app.get("/shaped", { schema: { response } }, async () => {
    throw new EndcapError("item_not_found");
  });
});

describe("problem+json", () => {
  it("answers one of our errors with its code, status and public words only", async () => {
    const answer = await service.app.inject("/refused");
    expect(answer.statusCode).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.headers["endcap-should-retry"]).toBe("false");
    expect(answer.json()).toMatchObject({ code: "item_not_found", detail: "No such item here.", status: 404 });
    expect(answer.body).not.toContain("SECRET-1");
    expect(records.at(-1)).toMatchObject({ code: "item_not_found", reason: "looked for SECRET-1 in table 9" });
  });

  it("keeps a foreign error's text in the log", async () => {
    const answer = await service.app.inject("/broken");
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: "internal" });
    expect(answer.body).not.toContain("10.0.0.7");
    expect(answer.headers["endcap-should-retry"]).toBe("true");
    expect(JSON.stringify(records.at(-1))).toContain("10.0.0.7");
  });

  it("names the request id and the server's time", async () => {
    const { instance, serverTime } = (await service.app.inject("/refused")).json();
    expect(instance).toBe(records.at(-1)?.reqId);
    expect(Date.parse(serverTime)).not.toBeNaN();
  });

  it("locates validation faults without the offending value", async () => {
    const payload = { size: "OFFENDING", extra: 1 };
    const answer = await service.app.inject({ method: "POST", url: "/things", payload });
    expect(answer.statusCode).toBe(400);
    const problem = answer.json();
    expect(problem.code).toBe("invalid_request");
    expect(problem.errors).toHaveLength(3);
    expect(problem.errors).toContainEqual({ pointer: "/name", code: "required" });
    expect(problem.errors).toContainEqual({ pointer: "/size", code: "type" });
    expect(problem.errors).toContainEqual({ pointer: "/extra", code: "additionalProperties" });
    expect(answer.body).not.toContain("OFFENDING");
  });

  it("takes a body as it is and converts a path", async () => {
    const payload = { name: "x", size: "5" };
    expect((await service.app.inject({ method: "POST", url: "/things", payload })).statusCode).toBe(400);
    expect((await service.app.inject("/things/5")).json()).toEqual({ n: 5 });
    expect((await service.app.inject("/things/five")).json()).toMatchObject({ code: "invalid_request" });
  });

  it("is not reshaped by the route's response schema", async () => {
    expect((await service.app.inject("/shaped")).json()).toMatchObject({ code: "item_not_found", status: 404 });
  });

  it.each([
    ["/nothing", "GET", "", undefined, 404, "not_found"],
    ["/refused", "DELETE", "", undefined, 405, "method_not_allowed"],
    ["/things/7", "PUT", "", undefined, 405, "method_not_allowed"],
    ["/things", "POST", "{", "application/json", 400, "invalid_json"],
    ["/things", "POST", "", "application/json", 400, "body_missing"],
    ["/things", "POST", "a=b", "application/x-www-form-urlencoded", 415, "content_type_unsupported"],
    ["/things", "POST", JSON.stringify({ name: "x".repeat(2_000) }), "application/json", 413, "body_too_large"],
    ["/things/%E0%A4%A", "GET", "", undefined, 400, "path_not_canonical"],
  ])("%s %s %j: its own code", async (url, method, payload, contentType, status, code) => {
    const headers = contentType === undefined ? {} : { "content-type": contentType };
    const answer = await service.app.inject({ method: method as "GET", url, payload, headers });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    if (status === 405) expect(answer.headers.allow).toBeTruthy();
  });

  it("says when to come back, and lets the route say it better", async () => {
    expect((await service.app.inject("/throttled")).headers["retry-after"]).toBe("7");
  });

  it("answers bytes that are no HTTP request with a problem, and closes", async () => {
    const { url } = await service.listen();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.end("THIS IS NOT HTTP\r\n\r\n");
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"header_invalid"');
  });
});
