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
  for (const [name, value] of Object.entries(more)) if (!reply.hasHeader(name)) reply.header(name, value);
  answerText(reply, status, type, body, draining);
}

/**
 * Past Fastify's serializer and hooks, with the headers that were set on the reply. One list of headers and one string of
 * body leave as one write.
 */
function answerText(reply: FastifyReply, status: number, type: string, body: string, draining: boolean): void {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return;
  const bytes = Buffer.byteLength(body);
  const headers = ["content-type", type, "content-length", String(bytes)];
  if (draining) headers.push("connection", "close");
  for (const [name, value] of Object.entries(reply.getHeaders())) headers.push(name, String(value));
  raw.writeHead(status, headers);
  // Mostly ASCII, which need not be encoded.
  raw.end(body, bytes === body.length ? "latin1" : "utf8");
}
