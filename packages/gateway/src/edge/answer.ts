import type { EndcapError } from "@endcap/protocol";
import { endcapErrorOf, problemResponse, textResponseOf } from "@endcap/service-kit";
import type { FastifyReply } from "fastify";

/**
 * A whole JSON answer of the two hot routes, whose answers are text already.
 * @param isAscii for certain; `false` where nobody knows
 */
export function answerJson(
  reply: FastifyReply,
  status: number,
  body: string,
  isAscii: boolean,
  draining: boolean,
): void {
  answerText(reply, status, "application/json; charset=utf-8", body, isAscii, draining);
}

/**
 * The problem document of a fault. Whoever sends fifty times its limit is refused forty-nine times: through Fastify's
 * error handling a refusal cost more than twice what a request costs that is served.
 */
export function answerFault(reply: FastifyReply, thrown: unknown, now: number, draining: boolean): void {
  const { request } = reply;
  const fault = endcapErrorOf(thrown);
  request.fault = fault;
  const { status, type, fields, beforeId, beforeTime, end } = writtenAnswer(fault);
  const { answerFields } = request;
  for (const [name, value] of fields) {
    // A limiter may have said better when to come again.
    if (!answerFields.includes(name)) answerFields.push(name, String(reply.getHeader(name) ?? value));
  }
  const body = beforeId + request.id + beforeTime + new Date(now).toISOString() + end;
  answerText(reply, status, type, body, false, draining || fault.code === "framing_invalid");
}

/** An answer with its request's id and time left out. */
interface WrittenAnswer {
  readonly status: number;
  readonly type: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly beforeId: string;
  readonly beforeTime: string;
  readonly end: string;
}

/** Of faults that limits made once and give to everybody. Collected with their fault. */
const writtenAnswers = new WeakMap<EndcapError, WrittenAnswer>();
const somebody = "req_somebody";
const sometime = 0;

function writtenAnswer(fault: EndcapError): WrittenAnswer {
  const known = writtenAnswers.get(fault);
  if (known !== undefined) return known;
  const { status, headers, body } = problemResponse(fault, somebody, sometime);
  const { "content-type": type = "", ...fields } = headers;
  const time = new Date(sometime).toISOString();
  const idAt = body.indexOf(somebody);
  const timeAt = body.lastIndexOf(time);
  const written = {
    status,
    type,
    fields: Object.entries(fields),
    beforeId: body.slice(0, idAt),
    beforeTime: body.slice(idAt + somebody.length, timeAt),
    end: body.slice(timeAt + time.length),
  };
  // Others are made anew for each request, and seen once.
  if (status === 429 || status === 503) writtenAnswers.set(fault, written);
  return written;
}

/** Past Fastify's serializer and hooks, with the fields that the request gathered. */
function answerText(
  reply: FastifyReply,
  status: number,
  type: string,
  body: string,
  isAscii: boolean,
  isLast: boolean,
): void {
  reply.hijack();
  const { raw, request } = reply;
  if (raw.destroyed) return;
  const { answerFields } = request;
  answerFields.push("content-type", type);
  textResponseOf(raw).sendWhole(status, answerFields, body, isAscii, isLast);
}
