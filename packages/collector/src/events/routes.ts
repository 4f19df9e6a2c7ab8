import { COALESCED_CONTENT_TYPE, EndcapError, type EventsAnswer, LIMITS } from "@endcap/protocol";
import { type App, assertTenant, checkPrincipal, endcapErrorOf, problemResponse } from "@endcap/service-kit";
import type { FastifyRequest } from "fastify";
import type { EventCounts } from "./event-counts.ts";
import { type Frame, splitFrames } from "./frames.ts";
import type { GroupAppender } from "./group-appender.ts";
import { judgeBatch } from "./judge-batch.ts";
import type { EventTail } from "./tail.ts";

export interface EventRoutesOptions {
  readonly appender: GroupAppender;
  readonly counts: EventCounts;
  readonly tail: EventTail;
  /** The one tenant this process serves. */
  readonly tenant: string | undefined;
  readonly now: () => number;
}

/** POST /internal/v1/event-batches: many callers' events in one request, each part judged and answered alone. */
export async function eventRoutes(
  app: App,
  { appender, counts, tail, tenant, now }: EventRoutesOptions,
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(COALESCED_CONTENT_TYPE, { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.post(
    "/internal/v1/event-batches",
    { config: { principal: "none" }, bodyLimit: LIMITS.coalescedBytesMax },
    async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body)) throw new EndcapError("content_type_unsupported");
      const frames = splitFrames(body);
      // Every part is judged before the first is awaited, so that all of them share one group commit.
      const lines = await Promise.all(frames.map((frame) => answerLine(request, frame)));
      return reply.type(COALESCED_CONTENT_TYPE).send(lines.join(""));
    },
  );

  async function answerLine(request: FastifyRequest, frame: Frame): Promise<string> {
    const requestId = JSON.stringify(frame.requestId);
    try {
      const answer = await accept(request, frame);
      return `{"r":${requestId},"s":202,"b":${JSON.stringify(answer)}}\n`;
    } catch (thrown) {
      const error = endcapErrorOf(thrown);
      const { status, body } = problemResponse(error, frame.requestId, now());
      if (status >= 500) request.log.error({ reqId: frame.requestId, code: error.code, err: error }, "a part failed");
      return `{"r":${requestId},"s":${status},"b":${body}}\n`;
    }
  }

  async function accept(request: FastifyRequest, frame: Frame): Promise<EventsAnswer> {
    const principal = checkPrincipal(frame.principal);
    assertTenant(request, principal.tenant);
    if (tenant !== undefined && tenant !== principal.tenant) {
      throw new EndcapError("tenant_forbidden", { internal: `assigned to ${tenant}` });
    }
    const { batchId, append, events, repeated, rejected } = judgeBatch(frame.payload, principal, now());
    for (const { code } of rejected) counts.reject(code);

    const name = { tenant: principal.tenant, env: principal.env };
    const result = append === undefined ? "stored" : await appender.append(name, append, frame.payload.length);
    if (result === "changed") throw new EndcapError("batch_changed");

    const isNew = result === "stored";
    const duplicates = repeated + (isNew ? 0 : events.length);
    if (isNew) {
      counts.accept(name.tenant, name.env, events, "batch");
      tail.publish(name, events);
    }
    counts.duplicate(duplicates);
    return {
      accepted: isNew ? events.length : 0,
      duplicates,
      rejected: [...rejected],
      batchId,
      serverTime: new Date(now()).toISOString(),
    };
  }
}
