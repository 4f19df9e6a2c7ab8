import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";

/** Names the visitor by the shop's own cookie: `response.locals.shopper` is what Endcap is told. */
export const shopper: RequestHandler = (request, response, next) => {
  const known = /(?:^|;\s*)visitor=([\w-]{36})/.exec(request.headers.cookie ?? "")?.[1];
  const visitor = known ?? randomUUID();
  if (!known) response.cookie("visitor", visitor, { httpOnly: true, sameSite: "lax", maxAge: 180 * 24 * 3600 * 1000 });
  response.locals.shopper = { userId: visitor };
  next();
};
