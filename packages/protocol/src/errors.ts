/**
 * Every error code of Endcap, once: its status, its public title and what to do about it. Append-only: a code is never
 * renamed or reused. docs/errors.md is generated from here.
 */
import Type, { type Static } from "typebox";

interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  /** What the caller should do; shown in docs/errors.md. */
  readonly hint: string;
}

const entry = (status: number, title: string, hint: string): CatalogueEntry => ({ status, title, hint });

export const ERRORS = {
  // Requests that are not well formed
  invalid_request: entry(
    400,
    "The request does not fit its schema",
    "Look at `errors`: each entry points at one field.",
  ),
  invalid_json: entry(400, "The body is not JSON", "Send UTF-8 JSON without a byte order mark."),
  query_not_allowed: entry(400, "This route takes no query string", "Remove everything from the question mark on."),
  path_not_canonical: entry(
    400,
    "The path is not in its canonical form",
    "Send the path without dot segments, doubled slashes or percent-encoded letters.",
  ),
  body_missing: entry(400, "A body is required", "Send the JSON body that the route's schema describes."),
  filter_invalid: entry(
    400,
    "The filter is not valid",
    "Use $eq $ne $in $nin $gt $gte $lt $lte $exists $and $or $not, at most 5 deep and 50 leaves.",
  ),
  filter_unknown_field: entry(
    400,
    "The filter names an unknown field",
    "Filter on fields of an item, or on attributes.<name>.",
  ),
  strategy_unknown: entry(
    400,
    "There is no such strategy",
    "Use for_you, related_items, bought_together, personalized_ranking, trending, recently_viewed or a custom:<name> of this tenant.",
  ),
  items_required: entry(400, "This strategy needs item ids", "Give `items`: the ids in view, in the cart, or to rank."),
  batch_id_invalid: entry(
    400,
    "The batch id is not a uuid v7",
    "Make it when the batch is frozen and keep it for every retry.",
  ),
  clock_ahead: entry(
    400,
    "The time lies too far ahead of the server's clock",
    "Set the clock by the answer's serverTime, at most 5 minutes ahead.",
  ),
  clock_behind: entry(
    400,
    "The time lies too far back",
    "A batch is accepted for 7 days, an event for 30; use an import for older events.",
  ),
  header_invalid: entry(400, "A header is not valid", "Remove or correct the header named in `detail`."),
  framing_invalid: entry(
    400,
    "Where the request ends is not said, or said in two ways",
    "Send one Content-Length, or Transfer-Encoding: chunked and well-formed chunks, and never both.",
  ),

  // Who is calling
  unauthenticated: entry(
    401,
    "The request carries no credentials",
    "Sign it with a secret key, or send the browser envelope.",
  ),
  signature_profile: entry(
    400,
    "The signature does not follow the endcap-v1 profile",
    "Use exactly the components and parameters of the profile, in their order, under the one label `endcap`.",
  ),
  signature_invalid: entry(
    401,
    "The signature does not match the request",
    "Sign the exact bytes that are sent, with the secret that belongs to the key id.",
  ),
  signature_expired: entry(
    401,
    "The signature was not made just now",
    "Sign each attempt anew; set the clock by serverTime (300 s allowed).",
  ),
  digest_mismatch: entry(
    401,
    "The Content-Digest does not match the body",
    "Compute sha-256 over the exact bytes of the body.",
  ),
  nonce_replayed: entry(401, "This signature was used before", "Sign each attempt anew with a fresh nonce."),
  key_malformed: entry(401, "The key id is malformed", "Copy the key id whole; its last four letters are a checksum."),
  key_unknown: entry(
    401,
    "The key is not known",
    "Check the key id; it may be revoked or belong to another installation.",
  ),
  key_expired: entry(401, "The key has expired", "Use the tenant's newer key."),
  bearer_disabled: entry(
    401,
    "This tenant accepts signed requests only",
    "Sign the request as RFC 9421 says, or let the operator allow bearer use.",
  ),
  bootstrap_disabled: entry(
    401,
    "This tenant accepts signed browser requests only",
    "Open a session with POST /v1/sessions first.",
  ),
  envelope_malformed: entry(
    400,
    "The body's first line is not an Endcap envelope",
    "Send `EP1 <key id> <anonymous id>` or `EC1 <token> <ms> <signature>` and one line feed.",
  ),
  session_invalid: entry(401, "The session token is not valid", "Start again with a bootstrap envelope."),
  session_expired: entry(401, "The session has expired", "Start again with a bootstrap envelope."),
  session_revoked: entry(401, "The session was revoked", "Start again with a bootstrap envelope."),
  user_token_invalid: entry(
    401,
    "The user token is not valid",
    "Mint it with createUserToken for this tenant; it lives for at most 24 hours.",
  ),
  internal_token_invalid: entry(
    401,
    "The internal token is missing or not valid",
    "Only an Endcap gateway may call this address.",
  ),
  admin_token_invalid: entry(
    401,
    "The admin token is missing or wrong",
    "Send `Authorization: Bearer` with the token from the data directory's control/admin.token.",
  ),
  scope_missing: entry(
    403,
    "The key lacks the scope for this",
    "Use a key with the scope, or let the operator add it.",
  ),
  origin_denied: entry(
    403,
    "This origin is not on the tenant's list",
    "Let the operator add the page's origin to the tenant.",
  ),
  catalogue_read_only: entry(
    403,
    "The test environment shows the live catalogue",
    "Write items with a key of the live environment.",
  ),
  identity_denied: entry(403, "The caller may not speak for this shopper", "Sign the shopper in with a user token."),
  tenant_forbidden: entry(
    403,
    "This process does not serve that tenant",
    "Seen inside the house only: check the route of the tenant.",
  ),
  tenant_suspended: entry(403, "The tenant is suspended", "Ask the operator."),

  // What is asked for
  not_found: entry(
    404,
    "There is nothing at this address",
    "Check the path; another tenant's things look the same as nothing.",
  ),
  method_not_allowed: entry(405, "The method is not allowed here", "See `Allow`."),
  tenant_not_found: entry(404, "There is no such tenant", "List tenants with `endcap tenant list`."),
  key_not_found: entry(404, "There is no such key", "List keys with `endcap keys list`."),
  item_not_found: entry(404, "There is no such item", "Check the item id."),
  placement_not_found: entry(
    404,
    "There is no such placement",
    "Create it in the console, or ask for a strategy instead.",
  ),
  import_not_found: entry(404, "There is no such import", "Send its first part first."),
  model_not_found: entry(404, "There is no model yet", "Train one with `endcap train`."),
  job_not_found: entry(404, "There is no such job", "List jobs of the tenant."),

  // Conflicts and sizes
  batch_changed: entry(
    409,
    "This batch id was used with other bytes",
    "A frozen batch never changes; make a new id for new events.",
  ),
  import_part_changed: entry(
    409,
    "This part was sent before with other bytes",
    "Send the same bytes again or use a new import id.",
  ),
  import_incomplete: entry(
    409,
    "Parts of the import are missing",
    "Send the missing parts named in `detail`, then complete again.",
  ),
  import_completed: entry(409, "The import was completed already", "Use a new import id."),
  slug_taken: entry(409, "The slug is taken", "Choose another slug."),
  key_limit: entry(409, "There are two active keys of this kind already", "Revoke or rotate one first."),
  training_running: entry(409, "A training of this tenant is running", "Wait for it to finish."),
  training_data_missing: entry(
    409,
    "There is too little data to train on",
    "`detail` says what is missing; the previous model stays.",
  ),
  body_too_large: entry(
    413,
    "The body is too large",
    "See the route's bound in the documentation; send smaller batches.",
  ),
  headers_too_large: entry(431, "The headers are too large", "Send less than 16 KB of headers."),
  content_type_unsupported: entry(
    415,
    "The content type is not supported here",
    "Browsers: text/plain;charset=UTF-8. Servers: application/json, imports application/gzip.",
  ),
  content_encoding_unsupported: entry(
    415,
    "The content encoding is not supported here",
    "Send the body as it is; only import parts may be gzip.",
  ),

  // Limits
  request_timeout: entry(408, "The request took too long to arrive", "Send the body without pauses."),
  rate_limited: entry(429, "Too many requests", "Wait for Retry-After seconds."),
  concurrency_limited: entry(
    429,
    "Too many requests at once",
    "Wait for Retry-After seconds, or send fewer at a time.",
  ),
  quota_exceeded: entry(429, "The month's quota of events is used up", "Ask the operator for a larger tier."),

  // One event or item of many
  event_invalid: entry(400, "The event does not fit its schema", "See `pointer`."),
  event_too_large: entry(400, "The event is too large", "An event is at most 32 KB, its context 4 KB."),
  item_invalid: entry(400, "The item does not fit its schema", "See `pointer`."),
  item_too_large: entry(400, "The item is too large", "An item is at most 64 KB."),
  line_invalid: entry(400, "The line is not one of event, item or delete", "Send one JSON object a line."),
  shopper_missing: entry(400, "The event names no shopper", "Give shopper.anonymousId or shopper.userId."),

  // Ours
  internal: entry(500, "Something went wrong on our side", "Try again; give the request id to the operator."),
  erasure_unavailable: entry(501, "Erasure is not available here yet", "Ask the operator."),
  upstream_unavailable: entry(
    502,
    "A service behind the gateway did not answer",
    "Try again; the answer says whether a retry is safe.",
  ),
  upstream_invalid: entry(502, "A service behind the gateway gave no valid answer", "Try again."),
  overloaded: entry(503, "The service is overloaded", "Wait for Retry-After seconds."),
  not_ready: entry(503, "The service is not ready yet", "Wait for Retry-After seconds."),
  draining: entry(503, "The service is shutting down", "Try again; another instance answers."),
  storage_full: entry(503, "The storage is full", "Nothing was stored. The operator must make room."),
  storage_unavailable: entry(503, "The storage did not answer", "Try again."),
  upstream_timeout: entry(504, "A service behind the gateway took too long", "Try again."),

  // Processes and the command line; they have no status on the wire
  config_invalid: entry(
    0,
    "The configuration is not valid",
    "Every fault is listed; correct them all and start again.",
  ),
  port_in_use: entry(0, "The port is in use", "Stop the other process or choose another port."),
  data_dir_newer: entry(
    0,
    "The data directory belongs to a newer version",
    "Start the newer version of Endcap, or choose another data directory.",
  ),
  data_dir_locked: entry(0, "Another process uses this data directory", "Stop it or choose another data directory."),
  not_running: entry(0, "Endcap is not running", "Start it with `npm start` or `endcap up`."),
  import_format: entry(0, "The file is not of the format that was named", "Check --format and the file."),
  export_damaged: entry(0, "The export is damaged or incomplete", "It was refused; make a new one."),
  file_not_found: entry(0, "There is no such file", "Check the path."),
  usage: entry(0, "The command was not understood", "See `endcap --help`."),
  model_invalid: entry(
    0,
    "The model file is damaged or of another version",
    "It was refused and the previous model stays; train again.",
  ),
  snapshot_invalid: entry(0, "The snapshot is not valid", "It was refused and the previous one stays."),
  database_unavailable: entry(
    0,
    "The database did not answer",
    "Check that PostgreSQL runs; `endcap doctor` tells more.",
  ),
  chromium_missing: entry(0, "No Chromium was found", "Install Debian's chromium package or set ENDCAP_CHROMIUM."),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** RFC 9457, with our stable `code` and located validation faults. `detail` never echoes a caller's value. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: "URI of the error's documentation" }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String({ description: "The request id" })),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), code: Type.String() }))),
    serverTime: Type.Optional(Type.String()),
  },
  { title: "ProblemDetails" },
);
export type ProblemDetails = Static<typeof ProblemDetails>;

const DOCS = "https://docs.endcap.dev/errors#";

export interface ProblemOptions {
  /** Public explanation. Must not hold secrets, offending values or other tenants' existence. */
  readonly detail?: string;
  readonly instance?: string;
  readonly errors?: readonly { pointer: string; code: string }[];
  /** Internal explanation for the log; never sent. */
  readonly internal?: string;
  readonly cause?: unknown;
}

/** The problem document of `code`. Codes without a status on the wire become 500. */
export function problem(code: ErrorCode, options: ProblemOptions = {}): ProblemDetails {
  const { status, title } = ERRORS[code];
  const details: ProblemDetails = { type: DOCS + code, title, status: status || 500, code };
  if (options.detail !== undefined) details.detail = options.detail;
  if (options.instance !== undefined) details.instance = options.instance;
  if (options.errors !== undefined) details.errors = [...options.errors];
  return details;
}

/** A fault with a stable code. `message` is the internal text for the log; `detail` is the public one. */
export class EndcapError extends Error {
  override readonly name = "EndcapError";
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly { pointer: string; code: string }[] | undefined;

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(
      options.internal ?? options.detail ?? ERRORS[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.detail = options.detail;
    this.errors = options.errors;
  }

  /** HTTP status; 500 for codes that have none on the wire. */
  get status(): number {
    return ERRORS[this.code].status || 500;
  }

  toProblem(instance?: string): ProblemDetails {
    return problem(this.code, {
      ...(this.detail !== undefined && { detail: this.detail }),
      ...(this.errors && { errors: this.errors }),
      ...(instance !== undefined && { instance }),
    });
  }
}
