import type { App } from "@endcap/service-kit";
import Type from "typebox";
import { CreateKey, IssuedKey, Key, RotateKey } from "../keys/model.ts";
import type { AdminContext } from "./context.ts";
import { TenantParams } from "./tenants.ts";
import { Wait } from "./wait.ts";

const OVERLAP_SECONDS_DEFAULT = 86_400;

const KeyParams = Type.Object({ tenant: Type.String(), key: Type.String() });

export function keyRoutes(app: App, { db, tenants, keys, fleet }: AdminContext): void {
  app.get(
    "/v1/tenants/:tenant/keys",
    { schema: { params: TenantParams, response: { 200: Type.Object({ keys: Type.Array(Key) }) } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      return { keys: await keys.list(id) };
    },
  );

  app.post(
    "/v1/tenants/:tenant/keys",
    { schema: { params: TenantParams, querystring: Wait, body: CreateKey, response: { 201: IssuedKey } } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      const issued = await db.transaction((tx) => keys.issue(tx, id, request.body));
      request.log.info({ tenant: id, key: issued.id }, "key issued");
      await fleet.applied(request.query.waitMs ?? 0);
      return reply.code(201).send(issued);
    },
  );

  app.delete("/v1/tenants/:tenant/keys/:key", { schema: { params: KeyParams } }, async (request, reply) => {
    const { id } = await tenants.get(request.params.tenant);
    await keys.remove(id, request.params.key);
    request.log.info({ tenant: id, key: request.params.key }, "key removed");
    return reply.code(204).send();
  });

  app.post(
    "/v1/tenants/:tenant/keys/:key/revoke",
    { schema: { params: KeyParams, querystring: Wait, response: { 200: Key } } },
    async (request) => {
      const { id } = await tenants.get(request.params.tenant);
      const revoked = await keys.revoke(id, request.params.key);
      request.log.info({ tenant: id, key: revoked.id }, "key revoked");
      await fleet.applied(request.query.waitMs ?? 0);
      return revoked;
    },
  );

  app.post(
    "/v1/tenants/:tenant/keys/:key/rotate",
    { schema: { params: KeyParams, querystring: Wait, body: RotateKey, response: { 201: IssuedKey } } },
    async (request, reply) => {
      const { id } = await tenants.get(request.params.tenant);
      const overlap = request.body.overlapSeconds ?? OVERLAP_SECONDS_DEFAULT;
      const issued = await keys.rotate(id, request.params.key, overlap);
      request.log.info({ tenant: id, key: request.params.key, next: issued.id, overlap }, "key rotated");
      await fleet.applied(request.query.waitMs ?? 0);
      return reply.code(201).send(issued);
    },
  );
}
