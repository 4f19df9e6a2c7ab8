/** docs/openapi.json: the edge's routes as OpenAPI 3.1, from the schemas. `--write` writes it, `--check` fails when the file differs. */
import { readFileSync, writeFileSync } from "node:fs";
import type { TSchema } from "typebox";
import {
  CompleteImportRequest,
  ERRORS,
  type ErrorCode,
  Event,
  EventBatch,
  EventsAnswer,
  ImportPartAnswer,
  ImportState,
  Item,
  LIMITS,
  OpenSessionAnswer,
  OpenSessionRequest,
  ProblemDetails,
  PutItemsAnswer,
  PutItemsRequest,
  RecommendationAnswer,
  RecommendationRequest,
  StrategyRequest,
} from "../src/index.ts";

const file = new URL("../../../docs/openapi.json", import.meta.url);

const schemas: Record<string, TSchema> = {
  CompleteImportRequest,
  Event,
  EventBatch: {
    ...EventBatch,
    properties: {
      ...EventBatch.properties,
      events: { ...EventBatch.properties.events, items: { $ref: "#/components/schemas/Event" } },
    },
  },
  EventsAnswer,
  ImportPartAnswer,
  ImportState,
  Item,
  OpenSessionAnswer,
  OpenSessionRequest,
  ProblemDetails,
  PutItemsAnswer,
  PutItemsRequest: {
    ...PutItemsRequest,
    properties: { items: { ...PutItemsRequest.properties.items, items: { $ref: "#/components/schemas/Item" } } },
  },
  RecommendationAnswer,
  RecommendationRequest,
  StrategyRequest,
};

/** Schemas with a title of their own become references, so that generated clients name them. */
function shared(value: unknown, within: string): unknown {
  if (Array.isArray(value)) return value.map((each) => shared(each, within));
  if (typeof value !== "object" || value === null) return value;
  const title = "title" in value && typeof value.title === "string" ? value.title : undefined;
  if (title !== undefined && title !== within && Object.hasOwn(schemas, title))
    return { $ref: `#/components/schemas/${title}` };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shared(each, within)]));
}

const json = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
/** Browsers send the same JSON after an envelope line, as text/plain. */
const withEnvelope = (name: string) => ({
  ...json(name),
  "text/plain": {
    schema: { type: "string", description: `One envelope line (EP1 or EC1), one line feed, then a ${name} as JSON` },
  },
});

function problems(codes: readonly ErrorCode[]): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, "internal" as const, "rate_limited" as const, "draining" as const]) {
    byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        String(status),
        {
          description: list.map((code) => `\`${code}\` ${ERRORS[code].title}`).join("; "),
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/ProblemDetails" } } },
        },
      ]),
  );
}

const signature: readonly ErrorCode[] = [
  "signature_profile",
  "unauthenticated",
  "signature_invalid",
  "signature_expired",
  "digest_mismatch",
  "nonce_replayed",
  "key_malformed",
  "key_unknown",
  "key_expired",
  "scope_missing",
];
const browser: readonly ErrorCode[] = ["envelope_malformed", "session_invalid", "session_expired", "origin_denied"];
const bytes = (count: number) => `${count / 1024} KB`;

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly body?: Record<string, unknown>;
  readonly status: number;
  readonly answer?: string;
  readonly errors: readonly ErrorCode[];
  readonly security: readonly Record<string, never[]>[];
}

const secret: readonly Record<string, never[]>[] = [{ httpSignature: [] }, { bearer: [] }];
const anyone: readonly Record<string, never[]>[] = [...secret, { browserEnvelope: [] }];

const operation = (
  { summary, description, body, status, answer, errors, security }: Operation,
  parameters: readonly string[],
) => ({
  summary,
  ...(description && { description }),
  security,
  ...(parameters.length > 0 && {
    parameters: parameters.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: { type: name === "n" ? "integer" : "string" },
    })),
  }),
  ...(body && { requestBody: { required: true, content: body } }),
  responses: { [status]: { description: "Done", ...(answer && { content: json(answer) }) }, ...problems(errors) },
});

const paths: Record<string, Record<string, Operation>> = {
  "/v1/events": {
    post: {
      summary: "Send a frozen batch of events",
      description: `1 to ${LIMITS.eventsPerBatchMax} events, at most ${bytes(LIMITS.eventsBodyBytesMax)}. Answered when every accepted event is durable.`,
      body: withEnvelope("EventBatch"),
      status: 202,
      answer: "EventsAnswer",
      errors: [
        ...signature,
        ...browser,
        "invalid_json",
        "invalid_request",
        "batch_id_invalid",
        "clock_ahead",
        "clock_behind",
        "batch_changed",
        "body_too_large",
        "content_type_unsupported",
        "quota_exceeded",
        "storage_full",
        "upstream_unavailable",
      ],
      security: anyone,
    },
  },
  "/v1/recommendations": {
    post: {
      summary: "Ask for recommendations by placement or strategy",
      description:
        "Always answers 200 to a proper request: the tenant's popular list stands in when its recommender is down or late.",
      body: withEnvelope("RecommendationRequest"),
      status: 200,
      answer: "RecommendationAnswer",
      errors: [
        ...signature,
        ...browser,
        "invalid_json",
        "invalid_request",
        "filter_invalid",
        "filter_unknown_field",
        "strategy_unknown",
        "items_required",
        "placement_not_found",
        "body_too_large",
        "upstream_unavailable",
      ],
      security: anyone,
    },
  },
  "/v1/recommenders/{strategy}": {
    post: {
      summary: "Ask the tenant's recommender directly: raw ids and scores",
      body: json("StrategyRequest"),
      status: 200,
      answer: "RecommendationAnswer",
      errors: [
        ...signature,
        "invalid_request",
        "filter_invalid",
        "filter_unknown_field",
        "strategy_unknown",
        "items_required",
        "upstream_unavailable",
        "upstream_timeout",
      ],
      security: secret,
    },
  },
  "/v1/items": {
    put: {
      summary: "Write items; each is judged alone and applied when its updatedAt is newer",
      body: json("PutItemsRequest"),
      status: 200,
      answer: "PutItemsAnswer",
      errors: [
        ...signature,
        "invalid_json",
        "invalid_request",
        "body_too_large",
        "storage_full",
        "upstream_unavailable",
      ],
      security: secret,
    },
  },
  "/v1/items/{id}": {
    get: {
      summary: "Read an item",
      status: 200,
      answer: "Item",
      errors: [...signature, "item_not_found"],
      security: secret,
    },
    delete: { summary: "Delete an item", status: 204, errors: [...signature, "storage_full"], security: secret },
  },
  "/v1/imports/{importId}": {
    get: {
      summary: "The state of an import: go on at firstMissingPart",
      status: 200,
      answer: "ImportState",
      errors: [...signature, "import_not_found"],
      security: secret,
    },
  },
  "/v1/imports/{importId}/parts/{n}": {
    put: {
      summary: "Send one part: gzip NDJSON, atomic, idempotent by (importId, n)",
      body: {
        "application/gzip": {
          schema: {
            type: "string",
            format: "binary",
            description: 'Lines of {"event": …}, {"item": …} or {"delete": item id}; at most 8 MB packed',
          },
        },
      },
      status: 200,
      answer: "ImportPartAnswer",
      errors: [
        ...signature,
        "import_part_changed",
        "import_completed",
        "body_too_large",
        "content_type_unsupported",
        "storage_full",
      ],
      security: secret,
    },
  },
  "/v1/imports/{importId}/complete": {
    post: {
      summary: "Close an import when all its parts are there",
      body: json("CompleteImportRequest"),
      status: 200,
      answer: "ImportState",
      errors: [...signature, "import_not_found", "import_incomplete"],
      security: secret,
    },
  },
  "/v1/shoppers/{kind}/{id}": {
    delete: {
      summary: "Erase a shopper",
      status: 202,
      errors: [...signature, "erasure_unavailable"],
      security: secret,
    },
    get: {
      summary: "The state of an erasure",
      status: 200,
      errors: [...signature, "erasure_unavailable"],
      security: secret,
    },
  },
  "/v1/sessions": {
    post: {
      summary: "Open a browser session explicitly, e.g. when a shopper signs in",
      body: {
        "text/plain": { schema: { $ref: "#/components/schemas/OpenSessionRequest" } },
        ...json("OpenSessionRequest"),
      },
      status: 200,
      answer: "OpenSessionAnswer",
      errors: [
        "key_malformed",
        "key_unknown",
        "origin_denied",
        "user_token_invalid",
        "session_invalid",
        "session_expired",
        "invalid_request",
      ],
      security: [],
    },
  },
};

const document = {
  openapi: "3.1.0",
  info: {
    title: "Endcap",
    version: "1",
    description: "Real-time product recommendations for any online shop.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  paths: Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, each]) => [
          method,
          operation(
            each,
            [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string),
          ),
        ]),
      ),
    ]),
  ),
  components: {
    securitySchemes: {
      httpSignature: {
        type: "apiKey",
        in: "header",
        name: "Signature",
        description: "RFC 9421, profile endcap-v1, with Signature-Input and Content-Digest",
      },
      bearer: {
        type: "http",
        scheme: "bearer",
        description: "<secret key id>.<secret>, over TLS, unless the tenant forbids it",
      },
      browserEnvelope: {
        type: "apiKey",
        in: "header",
        name: "Origin",
        description: "The body's first line is an EP1 or EC1 envelope; Origin must be on the tenant's list",
      },
    },
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, shared(schema, name)])),
  },
};

const text = `${JSON.stringify(document, null, 2)}\n`;
if (process.argv.includes("--write")) writeFileSync(file, text);
if (process.argv.includes("--check") && readFileSync(file, "utf8") !== text) {
  console.error(
    "docs/openapi.json differs from the schemas: run node --conditions=@endcap/source packages/protocol/scripts/openapi.ts --write",
  );
  process.exitCode = 1;
}
