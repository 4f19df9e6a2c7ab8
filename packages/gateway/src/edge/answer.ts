import { endcapErrorOf, problemResponse } from "@endcap/service-kit";
import type { FastifyReply } from "fastify";

/** A whole JSON answer of the two hot routes, whose answers are text already. */
export function answerJson(reply: FastifyReply, status: number, body: string, draining: boolean): void {
  answerText(reply, status, "application/json; charset=utf-8", body, draining);
}

/**
 * The problem document of a fault. Whoever sends fifty times its limit is refused forty-nine times: through Fastify's
 * error handling a refusal cost more than twice what a request costs that is served.
 */
export function answerFault(reply: FastifyReply, thrown: unknown, now: number, draining: boolean): void {
  const { request } = reply;
  const fault = endcapErrorOf(thrown);
  request.fault = fault;
  const { status, headers, body } = problemResponse(fault, request.id, now);
  const { "content-type": type = "", ...more } = headers;
  for (const [name, value] of Object.entries(more)) {
    // A limiter may have said better when to come again.
    request.answerFields.push(name, String(reply.getHeader(name) ?? value));
  }
  answerText(reply, status, type, body, draining);
}

/**
 * Past Fastify's serializer and hooks, with the fields that the request gathered. One list of headers and one string of
 * body leave as one write.
 */
function answerText(reply: FastifyReply, status: number, type: string, body: string, draining: boolean): void {
  reply.hijack();
  const { raw, request } = reply;
  if (raw.destroyed) return;
  const bytes = Buffer.byteLength(body);
  const { answerFields } = request;
  answerFields.push("content-type", type, "content-length", String(bytes));
  if (draining) answerFields.push("connection", "close");
  raw.writeHead(status, answerFields);
  // Mostly ASCII, which need not be encoded.
  raw.end(body, bytes === body.length ? "latin1" : "utf8");
}
