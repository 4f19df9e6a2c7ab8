import type { FastifyReply } from "fastify";

/**
 * Writes a whole JSON answer past Fastify's serializer and hooks, with the headers that were set on the reply. For the
 * two hot routes, whose answers are text already. One list of headers and one string of body leave as one write.
 */
export function answerJson(reply: FastifyReply, status: number, body: string, draining: boolean): void {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return;
  const bytes = Buffer.byteLength(body);
  const headers = ["content-type", "application/json; charset=utf-8", "content-length", String(bytes)];
  if (draining) headers.push("connection", "close");
  for (const [name, value] of Object.entries(reply.getHeaders())) headers.push(name, String(value));
  raw.writeHead(status, headers);
  // Mostly ASCII, which need not be encoded.
  raw.end(body, bytes === body.length ? "latin1" : "utf8");
}
