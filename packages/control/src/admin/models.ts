import { randomFillSync } from "node:crypto";
import { uuidV7 } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import { championMoves, listModels, type Models, rollBackModel } from "@endcap/storage";
import Type, { type Static } from "typebox";
import { tellMlflowOfChampion } from "../training/tell-mlflow.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

const Move = Type.Object({
  at: Type.String(),
  from: Type.Union([Type.String(), Type.Null()]),
  to: Type.String(),
  by: Type.Enum(["training", "rollback"]),
});
export type Move = Static<typeof Move>;

export const ModelList = Type.Object(
  {
    models: Type.Array(
      Type.Object({
        version: Type.String(),
        state: Type.Enum(["candidate", "champion", "retired"]),
        bytes: Type.Integer(),
        facts: Type.Record(Type.String(), Type.Unknown(), { description: "What training measured and decided" }),
      }),
      { description: "Newest first" },
    ),
    moves: Type.Array(Move, { description: "Of the champion, newest first" }),
  },
  { title: "ModelList" },
);
export type ModelList = Static<typeof ModelList>;

export function modelRoutes(app: App, { tenants, now }: AdminContext, models: Models): void {
  app.get(
    "/v1/tenants/:tenant/models",
    { schema: { params: TenantParams, response: { 200: ModelList } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      const store = models.open(id);
      return { models: await listModels(store), moves: await championMoves(store) };
    },
  );

  app.post(
    "/v1/tenants/:tenant/models/rollback",
    { schema: { params: TenantParams, response: { 200: Move } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      const move = await rollBackModel(models.open(id), { at: now(), id: uuidV7(now(), randomFillSync) });
      request.log.info({ tenant: id, from: move.from, to: move.to }, "model was rolled back");
      tellMlflowOfChampion(id, move.to, (warning) =>
        request.log.warn({ tenant: id, warning }, "MLflow was not told of the rollback"),
      );
      return move;
    },
  );
}
