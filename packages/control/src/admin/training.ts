import type { App } from "@endcap/service-kit";
import Type from "typebox";
import { Job } from "../training/model.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";

export function trainingRoutes(app: App, { tenants, jobs, trainer }: AdminContext): void {
  app.post(
    "/v1/tenants/:tenant/train",
    { schema: { params: TenantParams, response: { 202: Job } } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      return reply.code(202).send(await trainer.request(id, "manual"));
    },
  );

  app.get(
    "/v1/tenants/:tenant/jobs",
    { schema: { params: TenantParams, response: { 200: Type.Object({ jobs: Type.Array(Job) }) } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      return { jobs: await jobs.list(id) };
    },
  );

  app.get(
    "/v1/jobs/:job",
    {
      schema: {
        params: Type.Object({ job: Type.String({ pattern: "^[0-9a-f-]{36}$" }) }),
        response: { 200: Job },
      },
    },
    async (request) => jobs.get(request.params.job),
  );
}
