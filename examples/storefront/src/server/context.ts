import type { FastifyReply, FastifyRequest } from "fastify";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { layout, type Page, type Visit } from "../pages/layout.ts";
import { Basket } from "./basket.ts";
import { cookieNames, cookieOptions } from "./cookies.ts";
import type { OrderBook } from "./orders.ts";
import { readUser } from "./user.ts";

/** What the shop needs to know about Endcap: its own key, where the gateway is, and how to vouch for a shopper. */
export interface ShopEndcap {
  endpoint: string;
  publishableKey: string;
  createUserToken: (userId: string) => string | Promise<string>;
}

export interface ShopContext {
  catalogue: Catalogue;
  orders: OrderBook;
  endcap: () => ShopEndcap | undefined;
  /** Where shoppers reach the shop; absolute links are made with it. */
  origin: () => string;
  assetVersion: string;
  now: () => Date;
}

export function basketOf(request: FastifyRequest, { catalogue }: ShopContext): Basket {
  return Basket.read(request.cookies[cookieNames.basket], catalogue);
}

export function keepBasket(reply: FastifyReply, basket: Basket): void {
  reply.setCookie(cookieNames.basket, basket.write(), cookieOptions);
}

async function visitOf(request: FastifyRequest, context: ShopContext): Promise<Visit> {
  const user = readUser(request);
  const endcap = context.endcap();
  return {
    basketCount: basketOf(request, context).count,
    userName: user?.name,
    endcap: endcap && {
      endpoint: endcap.endpoint,
      publishableKey: endcap.publishableKey,
      userToken: user && (await endcap.createUserToken(user.id)),
    },
    assetVersion: context.assetVersion,
  };
}

/** Renders a page for whoever asked. Pages show a basket and a name, so no shared cache may keep them. */
export async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ShopContext,
  makePage: (visit: Visit) => Page,
): Promise<FastifyReply> {
  const visit = await visitOf(request, context);
  return reply
    .header("cache-control", "private, no-cache")
    .type("text/html; charset=utf-8")
    .send(layout(makePage(visit), visit));
}
