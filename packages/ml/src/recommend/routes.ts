import { EndcapError, LIMITS, RecommendationAnswer } from "@endcap/protocol";
import {
  type App,
  clientGone,
  type DeadlineOptions,
  deadlineIn,
  deadlineOf,
  type Part,
  type PartReply,
  type PartRouteOptions,
  parseJson,
  partRoute,
  pointersOf,
  principalOf,
} from "@endcap/service-kit";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import { listMsMax } from "../recommenders/exchange.ts";
import { createRecommend, type RecommendOptions } from "./recommend.ts";
import { LenientRequest, withoutUnknown } from "./request.ts";

export interface RecommendRoutesOptions extends RecommendOptions {
  readonly deadlineMsDefault: number;
  readonly tenant: string | undefined;
  readonly observe: PartRouteOptions["observe"];
}

const bodyCheck = Compile(LenientRequest);

/** Lists, asked for one by one (control does) or as the parts of an open request (gateways do). */
export async function recommendRoutes(app: App, options: RecommendRoutesOptions): Promise<void> {
  const { deadlineMsDefault, tenant, observe, now } = options;
  const recommend = createRecommend(options);
  const deadlines: DeadlineOptions = { msDefault: deadlineMsDefault, msMax: listMsMax, now };

  app.post(
    "/v1/recommendations",
    {
      bodyLimit: LIMITS.recommendationBodyBytesMax,
      preValidation: forgetUnknown,
      schema: { body: LenientRequest, response: { 200: RecommendationAnswer } },
      // A recommender's list is handed on as its text, and ours is built from checked parts.
      serializerCompiler: () => (answer: unknown) => JSON.stringify(answer),
    },
    async (request, reply) => {
      const { headers, body, id } = request;
      const answer = await recommend({
        body,
        principal: principalOf(request),
        authorization: String(headers.authorization),
        requestId: id,
        deadline: deadlineOf(request, deadlines),
        caller: clientGone(request),
      });
      if (answer === undefined) return reply.hijack();
      const { json, served } = answer;
      reply.raw.once("finish", () => {
        if (served && !reply.raw.socket?.destroyed) served();
      });
      return sendText(reply, json);
    },
  );

  partRoute(app, {
    path: "/internal/v1/recommendation-parts",
    payloadBytesMax: LIMITS.recommendationBodyBytesMax,
    tenant,
    answer: answerPart,
    observe,
    now,
  });

  async function answerPart(part: Part, { headers }: FastifyRequest): Promise<PartReply> {
    const { principal, payload, requestId, gone } = part;
    const body = withoutUnknown(parseJson(payload, "error"), principal);
    if (!bodyCheck.Check(body)) {
      throw new EndcapError("invalid_request", { errors: pointersOf(bodyCheck.Errors(body)) });
    }
    const answer = await recommend({
      body,
      principal,
      authorization: String(headers.authorization),
      requestId,
      deadline: deadlineIn(part.deadlineMs, () => gone, deadlines),
      caller: gone,
    });
    if (answer === undefined) return nobody;
    return { status: 200, body: answer.json, written: answer.served };
  }
}

async function forgetUnknown(request: FastifyRequest): Promise<void> {
  request.body = withoutUnknown(request.body, principalOf(request));
}

/** As text, which leaves in one write with its headers; Fastify takes text of this type for JSON that is made already. */
const sendText = (reply: FastifyReply, json: string): FastifyReply =>
  reply.type("application/json; charset=utf-8").send(json);

/** Not written: the caller has left. 499 is nginx's word for it. */
const nobody: PartReply = { status: 499, body: "" };
