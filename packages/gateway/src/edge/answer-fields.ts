import type { App } from "@endcap/service-kit";
import type { FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /**
     * Header fields of the answer, name and value in turn, as node:http's `writeHead` takes them. The hot routes hand the
     * list over as it is: a header set on Fastify's reply costs ten times a push, and each answer has eight.
     */
    answerFields: string[];
  }
}

/** Gives every request of the scope its list, and every answer that goes through Fastify its fields. */
export function carryAnswerFields(scope: App): void {
  scope.decorateRequest("answerFields");
  scope.addHook("onRequest", (request, _reply, done) => {
    request.answerFields = ["endcap-request-id", request.id];
    done();
  });
  scope.addHook("onSend", ({ answerFields }, reply, payload, done) => {
    for (let at = 0; at < answerFields.length; at += 2) {
      reply.header(answerFields[at] ?? "", answerFields[at + 1]);
    }
    done(null, payload);
  });
}

/** One more member of a list field. */
export function addToField({ answerFields }: Pick<FastifyRequest, "answerFields">, name: string, member: string): void {
  const at = answerFields.indexOf(name);
  if (at < 0) answerFields.push(name, member);
  else answerFields[at + 1] += `, ${member}`;
}
