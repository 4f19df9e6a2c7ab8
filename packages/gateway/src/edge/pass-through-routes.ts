import { DEADLINE_HEADER, LIMITS } from "@endcap/protocol";
import type { PassThroughRoute } from "../forward/pass-through.ts";

const json = "application/json";
const smallBodyBytesMax = 4 * 1024;

/** Every route of the edge that goes to one upstream as it is. */
export function passThroughRoutes(recommendDeadlineMs: number): PassThroughRoute[] {
  return [
    {
      prefix: "/v1/items",
      routes: [""],
      methods: ["PUT"],
      upstream: "collector",
      scopes: ["items:write"],
      body: { contentType: json, bytesMax: LIMITS.itemsBodyBytesMax },
    },
    {
      prefix: "/v1/items",
      routes: ["/:id"],
      methods: ["GET", "DELETE"],
      upstream: "collector",
      scopes: ["items:write"],
    },
    {
      prefix: "/v1/imports",
      routes: ["/:importId/parts/:part"],
      methods: ["PUT"],
      upstream: "collector",
      // The collector holds each line against the scope it needs.
      scopes: ["events:write", "items:write"],
      body: { contentType: "application/gzip", bytesMax: LIMITS.importPartBytesMax },
    },
    {
      prefix: "/v1/imports",
      routes: ["/:importId/complete"],
      methods: ["POST"],
      upstream: "collector",
      scopes: ["events:write", "items:write"],
      body: { contentType: json, bytesMax: smallBodyBytesMax },
    },
    {
      prefix: "/v1/imports",
      routes: ["/:importId"],
      methods: ["GET"],
      upstream: "collector",
      scopes: ["events:write", "items:write"],
    },
    {
      prefix: "/v1/shoppers",
      routes: ["/:kind/:id"],
      methods: ["GET", "DELETE"],
      upstream: "collector",
      scopes: ["shopper:erase"],
    },
    {
      prefix: "/v1/recommenders",
      routes: ["/:strategy"],
      methods: ["POST"],
      upstream: "recommender",
      scopes: ["recommendations:read"],
      body: { contentType: json, bytesMax: LIMITS.recommendationBodyBytesMax },
      headers: { [DEADLINE_HEADER]: String(recommendDeadlineMs) },
    },
  ];
}
