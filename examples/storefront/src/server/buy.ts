import type { FastifyPluginAsync } from "fastify";
import { oneOfEachKind } from "../catalogue/catalogue.ts";
import { basketPage } from "../pages/basket.ts";
import { type Address, type AddressFaults, addressFields, checkoutPage, orderPage } from "../pages/checkout.ts";
import { basketOf, keepBasket, type ShopContext, show } from "./context.ts";
import { cookieNames, cookieOptions } from "./cookies.ts";

const lineSchema = {
  body: {
    type: "object",
    required: ["id", "quantity"],
    properties: { id: { type: "string", maxLength: 200 }, quantity: { type: "integer", minimum: 0, maximum: 20 } },
  },
};

/** Basket, checkout and the order book. */
export function buy(context: ShopContext): FastifyPluginAsync {
  const { catalogue, orders } = context;
  return async (app) => {
    app.get("/basket", (request, reply) => {
      const basket = basketOf(request, context);
      const shelves = new Set(basket.lines.map(({ product }) => product.category));
      const inBasket = new Set(basket.lines.map(({ product }) => product.groupId));
      const own = catalogue.groups.filter(
        ({ id, face }) => !inBasket.has(id) && (shelves.size === 0 ? face.fresh : shelves.has(face.category)),
      );
      return show(request, reply, context, (visit) => basketPage(basket, oneOfEachKind(own), visit));
    });

    app.post<{ Body: { id: string; quantity: number } }>("/basket/add", { schema: lineSchema }, (request, reply) => {
      const product = catalogue.product(request.body.id);
      if (product === undefined) return reply.callNotFound();
      if (product.availability !== "out_of_stock") {
        keepBasket(reply, basketOf(request, context).add(product, request.body.quantity));
      }
      return reply.redirect("/basket", 303);
    });

    app.post<{ Body: { id: string; quantity: number } }>("/basket/update", { schema: lineSchema }, (request, reply) => {
      const product = catalogue.product(request.body.id);
      if (product !== undefined) keepBasket(reply, basketOf(request, context).set(product, request.body.quantity));
      return reply.redirect("/basket", 303);
    });

    app.get("/checkout", (request, reply) => {
      const basket = basketOf(request, context);
      if (basket.count === 0) return reply.redirect("/basket", 303);
      return show(request, reply, context, () => checkoutPage(basket, {}, {}));
    });

    app.post<{ Body: Record<string, string> }>("/checkout", async (request, reply) => {
      const basket = basketOf(request, context);
      if (basket.count === 0) return reply.redirect("/basket", 303);
      const { address, faults } = readAddress(request.body ?? {});
      if (Object.keys(faults).length > 0) {
        reply.code(422);
        return show(request, reply, context, () => checkoutPage(basket, address, faults));
      }
      const order = await orders.place(basket, address, context.now());
      reply.clearCookie(cookieNames.basket, { path: "/" });
      reply.setCookie(cookieNames.justOrdered, order.id, { ...cookieOptions, maxAge: 300 });
      return reply.redirect(`/orders/${order.id}`, 303);
    });

    app.get<{ Params: { id: string } }>("/orders/:id", (request, reply) => {
      const order = orders.find(request.params.id);
      if (order === undefined) return reply.callNotFound();
      const justPlaced = request.cookies[cookieNames.justOrdered] === order.id;
      if (justPlaced) reply.clearCookie(cookieNames.justOrdered, { path: "/" });
      return show(request, reply, context, () => orderPage(order, justPlaced));
    });
  };
}

function readAddress(body: Record<string, unknown>): { address: Address; faults: AddressFaults } {
  const faults: AddressFaults = {};
  const address: Address = { name: "", email: "", street: "", town: "", postcode: "" };
  for (const { name, label, max } of addressFields) {
    const value = body[name];
    address[name] = typeof value === "string" ? value.trim().slice(0, max) : "";
    if (address[name] === "") faults[name] = `${label} is missing.`;
  }
  if (faults.email === undefined && !/^[^\s@]+@[^\s@]+$/.test(address.email)) {
    faults.email = "This does not look like an e-mail address.";
  }
  return { address, faults };
}
