import { createHash } from "node:crypto";
import {
  base32Encode,
  base64urlEncode,
  deriveKeys,
  parseKeyId,
  SCOPES,
  type SnapshotKey,
  type SnapshotTenant,
  type SnapshotUpstream,
  type TenantRoutes,
  type TenantSecrets,
  TenantSettings,
  TIERS,
  tenantSessionKey,
} from "@endcap/protocol";
import { PackedTenants, type SnapshotState } from "@endcap/service-kit";
import { Value } from "typebox/value";
import { type StandaloneFault, standaloneError } from "./faults.ts";
import { isOrigin } from "./origin.ts";
import type { ParsedFile, Path } from "./parse.ts";
import type { StandaloneKey, StandaloneTenant, StandaloneUpstream } from "./schema.ts";
import type { SecretReader } from "./secrets.ts";

/** A generation of the key from which every tenant's session key derives. */
export interface SessionMaster {
  readonly generation: string;
  readonly key: Uint8Array<ArrayBuffer>;
}

/** What a file comes to, its secrets read and its references checked. */
export type ResolvedFile = Omit<SnapshotState, "version">;

const kinds = ["collector", "ml", "recommender"] as const;

/**
 * Fills in the defaults and holds every reference against what it names, so that an unknown upstream is refused here
 * and not at the first request.
 * @throws EndcapError `config_invalid` with every fault
 */
export async function resolveStandalone(
  file: string,
  { value, faultAt }: ParsedFile,
  secretReader: SecretReader,
  ownMaster: SessionMaster,
): Promise<ResolvedFile> {
  const faults: StandaloneFault[] = [];
  const blame = (path: Path, message: string): void => void faults.push(faultAt(path, message));
  const reader = { ...secretReader, read: blaming(secretReader, blame) };

  const upstreams = new Map<string, SnapshotUpstream>();
  for (const [at, upstream] of value.upstreams.entries()) {
    const path = ["upstreams", at];
    const kind = upstream.kind ?? kindOf(upstream);
    if (upstreams.has(upstream.id)) blame([...path, "id"], `upstream ${upstream.id} is there twice`);
    if (kind === undefined) blame(path, `kind missing: one of ${kinds.join(", ")}`);
    else upstreams.set(upstream.id, { ...upstream, kind });
    if (upstream.tenantSupplied && !upstream.url.startsWith("https:")) {
      blame([...path, "url"], "an upstream that a tenant supplied must be https");
    }
  }
  for (const [at, { id, canary }] of value.upstreams.entries()) {
    const kind = upstreams.get(id)?.kind;
    if (canary !== undefined && kind !== undefined) {
      checkUpstream(["upstreams", at, "canary", "upstream"], canary.upstream, kind);
    }
  }

  function checkUpstream(path: Path, id: string, kind: SnapshotUpstream["kind"]): void {
    const found = upstreams.get(id);
    const known = [...upstreams.values()].filter((upstream) => upstream.kind === kind).map((upstream) => upstream.id);
    const choice = known.length > 0 ? `one of ${known.join(", ")}` : `there is none of kind ${kind}`;
    if (found === undefined) blame(path, `unknown upstream ${id}: ${choice}`);
    else if (found.kind !== kind) blame(path, `upstream ${id} is of kind ${found.kind}, not ${kind}: ${choice}`);
  }

  const masters: SessionMaster[] = [];
  for (const [at, { generation, key }] of (value.sessionMasters ?? []).entries()) {
    const secret = await reader.read(["sessionMasters", at, "key"], key);
    if (secret !== undefined) masters.push({ generation, key: secret.bytes });
  }
  if (value.sessionMasters === undefined) masters.push(ownMaster);

  const tenants = new PackedTenants();
  const slugs = new Set<string>();
  const keyIds = new Set<string>();
  for (const [at, given] of value.tenants.entries()) {
    const path = ["tenants", at];
    const id = given.id ?? tenantIdOf(given.slug);
    if (slugs.has(given.slug)) blame([...path, "slug"], `slug ${given.slug} is there twice`);
    else if (tenants.has(id)) blame([...path, "id"], `tenant ${id} is there twice`);
    slugs.add(given.slug);
    for (const [n, origin] of (given.origins ?? []).entries()) {
      if (!isOrigin(origin)) {
        blame([...path, "origins", n], "must be an origin, https://shop.example, or https://*.shop.example");
      }
    }
    const { keys, secretKeys } = await resolveKeys(path, given.keys ?? []);
    const tenant = tenantOf(id, given, keys, upstreams);
    for (const kind of kinds) {
      const route = tenant.routes[kind];
      const place: Path = given.routes?.[kind] === undefined ? path : [...path, "routes", kind];
      if (route !== null) checkUpstream(place, route, kind);
      const canary = tenant.routes.canaries?.[kind];
      if (canary !== undefined) checkUpstream([...path, "routes", "canaries", kind, "upstream"], canary.upstream, kind);
    }
    const sessions = masters.map(({ generation, key }) => ({
      generation,
      key: base64urlEncode(tenantSessionKey(key, id)),
    }));
    tenants.put(tenant, { keys: secretKeys, sessions });
  }

  async function resolveKeys(owner: Path, given: readonly StandaloneKey[]) {
    const keys: SnapshotKey[] = [];
    const secretKeys: TenantSecrets["keys"] = {};
    for (const [at, { id, scopes, expiresAt, secret: source }] of given.entries()) {
      const path = [...owner, "keys", at];
      const parsed = parseKeyId(id);
      if (parsed === null) {
        blame([...path, "id"], "not a key id: pk_ or sk_, live_ or test_, twenty letters and their checksum of four");
        continue;
      }
      if (keyIds.has(id)) blame([...path, "id"], "this key is there twice");
      keyIds.add(id);
      const { kind, env } = parsed;
      keys.push({
        id,
        kind,
        env,
        scopes: scopes ?? (kind === "secret" ? [...SCOPES] : []),
        ...(expiresAt !== undefined && { expiresAt }),
      });
      if (kind === "publishable") {
        if (source !== undefined) blame([...path, "secret"], "a publishable key has no secret");
        continue;
      }
      if (source === undefined) {
        blame(path, "secret missing: { env: NAME } or { file: path }");
        continue;
      }
      const secret = await reader.read([...path, "secret"], source);
      if (secret === undefined) continue;
      const derived = deriveKeys(id, secret.bytes);
      secretKeys[id] = {
        request: base64urlEncode(derived.request),
        identity: base64urlEncode(derived.identity),
        bearerHash: createHash("sha256").update(secret.text).digest("base64url"),
      };
    }
    return { keys, secretKeys };
  }

  if (faults.length > 0) throw standaloneError(file, faults);
  const revokedSessions = new Map((value.revokedSessions ?? []).map(({ jti, until }) => [jti, until]));
  return { tenants, upstreams, revokedSessions };
}

function blaming({ read }: SecretReader, blame: (path: Path, message: string) => void) {
  return async (path: Path, source: Parameters<SecretReader["read"]>[0]) => {
    try {
      return await read(source);
    } catch (error) {
      blame(path, error instanceof Error ? error.message : "unreadable");
      return undefined;
    }
  };
}

function kindOf({ id }: StandaloneUpstream): SnapshotUpstream["kind"] | undefined {
  return kinds.find((kind) => id === kind || id.startsWith(`${kind}.`));
}

/** A tenant that is given no id gets the one of its slug, the same on every gateway and at every start. */
function tenantIdOf(slug: string): string {
  return `tnt-${base32Encode(createHash("sha256").update(`endcap standalone tenant ${slug}`).digest(), 16)}`;
}

function tenantOf(
  id: string,
  given: StandaloneTenant,
  keys: SnapshotKey[],
  upstreams: ReadonlyMap<string, SnapshotUpstream>,
): SnapshotTenant {
  const { slug, tier = "standard", state = "active", origins = [], placements = [], endpoint } = given;
  const own = upstreams.has(`recommender.${id}`) ? `recommender.${id}` : null;
  const routes: TenantRoutes = { collector: "collector", ml: "ml", recommender: own, ...given.routes };
  return {
    id,
    slug,
    tier,
    state,
    limits: { ...TIERS[tier].limits, ...given.limits },
    origins,
    settings: Value.Parse(TenantSettings, Value.Default(TenantSettings, { ...given.settings })),
    keys,
    routes,
    placements,
    ...(endpoint !== undefined && { endpoint }),
  };
}
