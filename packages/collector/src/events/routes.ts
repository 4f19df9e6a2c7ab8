import { COALESCED_CONTENT_TYPE, EndcapError, type EventsAnswer, LIMITS } from "@endcap/protocol";
import { type App, assertTenant, checkPrincipal, endcapErrorOf, problemResponse } from "@endcap/service-kit";
import type { Tables } from "@endcap/storage";
import type { FastifyRequest } from "fastify";
import type { CatalogueObserver } from "../items/observer.ts";
import type { EventCounts } from "./event-counts.ts";
import { type PartFrame, splitFrames } from "./frames.ts";
import type { GroupAppender } from "./group-appender.ts";
import { judgeBatch } from "./judge-batch.ts";
import type { EventTail } from "./tail.ts";
import { mayBeToldBefore, withoutToldBefore } from "./told-before.ts";

export interface EventRoutesOptions {
  readonly tables: Tables;
  readonly appender: GroupAppender;
  readonly counts: EventCounts;
  readonly tail: EventTail;
  readonly observer: CatalogueObserver;
  /** The one tenant this process serves. */
  readonly tenant: string | undefined;
  readonly now: () => number;
}

/** POST /internal/v1/event-batches: many callers' events in one request, each part judged and answered alone. */
export async function eventRoutes(
  app: App,
  { tables, appender, counts, tail, observer, tenant, now }: EventRoutesOptions,
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
      const answers = await Promise.all(frames.map((frame) => answerPart(request, frame)));
      const broken = answers.flatMap(({ fault }) => (fault !== undefined && fault.status >= 500 ? [fault] : []));
      // Parts mostly fail together and for one reason: a full disk must not fill the log as well.
      if (broken.length > 0) request.log.error({ err: broken[0], parts: broken.length }, "parts of a request failed");
      return reply.type(COALESCED_CONTENT_TYPE).send(answers.map(({ line }) => line).join(""));
    },
  );

  async function answerPart(request: FastifyRequest, frame: PartFrame): Promise<{ line: string; fault?: EndcapError }> {
    const requestId = JSON.stringify(frame.requestId);
    try {
      const answer = await accept(request, frame);
      counts.part("accepted");
      return { line: `{"r":${requestId},"s":202,"b":${JSON.stringify(answer)}}\n` };
    } catch (thrown) {
      const fault = endcapErrorOf(thrown);
      counts.part(fault.code);
      const { status, body } = problemResponse(fault, frame.requestId, now());
      return { line: `{"r":${requestId},"s":${status},"b":${body}}\n`, fault };
    }
  }

  async function accept(request: FastifyRequest, frame: PartFrame): Promise<EventsAnswer> {
    const principal = checkPrincipal(frame.principal);
    assertTenant(request, principal.tenant, tenant);
    const { batchId, append, events, observed, repeated, rejected } = judgeBatch(frame.payload, principal, now());
    for (const { code } of rejected) counts.reject(code);

    const name = { tenant: principal.tenant, env: principal.env };
    const isDoubtful = mayBeToldBefore(events, batchId, principal);
    const novel = isDoubtful ? await withoutToldBefore(tables, name, events, principal) : events;
    const result = append === undefined ? "stored" : await appender.append(name, append, frame.payload.length);
    if (result === "changed") throw new EndcapError("batch_changed");

    const accepted = result === "stored" ? novel : [];
    const duplicates = repeated + events.length - accepted.length;
    if (accepted.length > 0) {
      counts.accept(name.tenant, name.env, accepted, "batch");
      tail.publish(name, accepted);
    }
    counts.duplicate(duplicates);
    if (frame.mark !== undefined) observer.observe(principal, frame.mark, observed);
    return {
      accepted: accepted.length,
      duplicates,
      rejected: [...rejected],
      batchId,
      serverTime: new Date(now()).toISOString(),
    };
  }
}
