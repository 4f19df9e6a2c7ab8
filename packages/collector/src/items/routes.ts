import { EndcapError, Item, LIMITS, PutItemsAnswer, PutItemsRequest } from "@endcap/protocol";
import { type App, parseJson, principalOf } from "@endcap/service-kit";
import type { CatalogStore, Tables } from "@endcap/storage";
import type { FastifyRequest } from "fastify";
import Type from "typebox";
import { requireScope } from "../scope.ts";
import { putItems } from "./put-items.ts";

export interface ItemRoutesOptions {
  readonly tables: Tables;
  readonly now: () => number;
}

const ItemParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 500 }) });
const DeleteItemAnswer = Type.Object({
  id: Type.String(),
  deleted: Type.Boolean({ description: "false: there was none. The deletion is remembered against late writes" }),
  serverTime: Type.String(),
});

/** PUT /v1/items, GET and DELETE /v1/items/{id}. */
export async function itemRoutes(app: App, { tables, now }: ItemRoutesOptions): Promise<void> {
  const serverTime = () => new Date(now()).toISOString();

  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: FastifyRequest, body: Buffer) =>
    parseJson(body),
  );

  /** A tenant has one catalogue, whatever the environment of the key that writes it. */
  async function withCatalogue<T>(request: FastifyRequest, work: (catalogue: CatalogStore) => Promise<T>): Promise<T> {
    const principal = principalOf(request);
    requireScope(principal, "items:write");
    await using table = await tables.open({ tenant: principal.tenant, env: "live" });
    return await work(table.catalogue);
  }

  app.put(
    "/v1/items",
    { bodyLimit: LIMITS.itemsBodyBytesMax, schema: { body: PutItemsRequest, response: { 200: PutItemsAnswer } } },
    (request) =>
      withCatalogue(request, async (catalogue) => ({
        ...(await putItems(catalogue, request.body.items)),
        serverTime: serverTime(),
      })),
  );

  app.get("/v1/items/:id", { schema: { params: ItemParams, response: { 200: Item } } }, (request) =>
    withCatalogue(request, async (catalogue) => {
      const [item] = await catalogue.get([request.params.id]);
      if (item === undefined) throw new EndcapError("item_not_found");
      return item;
    }),
  );

  app.delete("/v1/items/:id", { schema: { params: ItemParams, response: { 200: DeleteItemAnswer } } }, (request) =>
    withCatalogue(request, async (catalogue) => {
      const { id } = request.params;
      const deleted = await deleteItem(catalogue, id, now());
      return { id, deleted, serverTime: serverTime() };
    }),
  );
}

/**
 * Whether there was such an item. One that is dated in the future would outlive a deletion dated now, and the shop would
 * not know why: it is deleted as of its own date.
 */
async function deleteItem(catalogue: CatalogStore, id: string, now: number): Promise<boolean> {
  const [result] = await catalogue.delete([id], now);
  if (result !== "stale") return result === "deleted";
  const [item] = await catalogue.get([id]);
  if (item === undefined) return false;
  const [second] = await catalogue.delete([id], Date.parse(item.updatedAt));
  return second === "deleted";
}
