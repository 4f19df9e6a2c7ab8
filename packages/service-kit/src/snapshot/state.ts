import type { SnapshotMessage, SnapshotTenant, SnapshotUpstream, TenantSecrets } from "@endcap/protocol";
import type { PackedTenants, SnapshotTenants } from "./tenants.ts";

/**
 * Everything a receiver knows. The object is new with every version; what it holds is not, since copying a hundred thousand
 * tenants for one revocation would stop the process for as long: look things up in it, do not keep it.
 */
export interface SnapshotState {
  readonly version: number;
  readonly tenants: SnapshotTenants;
  readonly upstreams: ReadonlyMap<string, SnapshotUpstream>;
  /** Session id to the Unix ms until which it must be remembered. */
  readonly revokedSessions: ReadonlyMap<string, number>;
}

/** What is new in a state: the ids whose tenant changed, came or went, or everything. Upstreams are not told apart. */
export type SnapshotDelta = "all" | ReadonlySet<string>;

/** A state as its owner holds it. */
export interface SnapshotDraft extends SnapshotState {
  readonly tenants: PackedTenants;
  readonly upstreams: Map<string, SnapshotUpstream>;
  readonly revokedSessions: Map<string, number>;
}

export type Applied =
  | { readonly outcome: "state"; readonly state: SnapshotDraft; readonly delta: SnapshotDelta }
  /** Nothing to do: a part of something larger, a heartbeat, or a version that is held already. */
  | { readonly outcome: "none" }
  /** A version is missing in between: ask for the whole again. */
  | { readonly outcome: "gap" };

/** Opens the `sealed` member of a tenant. */
export type OpenSecrets = (tenant: SnapshotTenant) => TenantSecrets | undefined;

type Part = Extract<SnapshotMessage, { kind: "part" | "change" }>;

const nothing: Applied = { outcome: "none" };
const gap: Applied = { outcome: "gap" };

/**
 * Applies the messages of one connection in order. A version that is not newer than the held one never replaces it,
 * so a replayed recording of the stream changes nothing.
 */
export function createApplier(
  held: () => SnapshotDraft | undefined,
  newTenants: () => PackedTenants,
  openSecrets: OpenSecrets,
  now: () => number,
) {
  let draft: SnapshotDraft | undefined;

  function add(to: SnapshotDraft, message: Part): void {
    // All are opened before anything is changed: one that does not open must not leave half a version behind.
    const opened = message.tenants.map((tenant) => (tenant.sealed === undefined ? undefined : openSecrets(tenant)));
    for (const [at, { sealed: _sealed, ...tenant }] of message.tenants.entries()) to.tenants.put(tenant, opened[at]);
    for (const upstream of message.upstreams) to.upstreams.set(upstream.id, upstream);
    for (const { jti, until } of message.revokedSessions) to.revokedSessions.set(jti, until);
  }

  return (message: SnapshotMessage): Applied => {
    const current = held();
    const version = current?.version ?? -1;
    switch (message.kind) {
      case "begin":
        draft = emptySnapshot(message.version, newTenants());
        return nothing;
      case "part":
        if (draft?.version !== message.version) return gap;
        add(draft, message);
        return nothing;
      case "end": {
        const whole = draft;
        draft = undefined;
        if (whole?.version !== message.version) return gap;
        return whole.version > version ? { outcome: "state", state: whole, delta: "all" } : nothing;
      }
      case "change": {
        if (message.version <= version) return nothing;
        if (current === undefined || message.previous !== version) return gap;
        const next = { ...current, version: message.version };
        add(next, message);
        for (const id of message.removedTenants) next.tenants.delete(id);
        for (const id of message.removedUpstreams) next.upstreams.delete(id);
        forgetEnded(next.revokedSessions, now());
        const delta = new Set([...message.tenants.map(({ id }) => id), ...message.removedTenants]);
        return { outcome: "state", state: next, delta };
      }
      case "heartbeat":
        return message.version > version && draft === undefined ? gap : nothing;
    }
  };
}

export function emptySnapshot(version: number, tenants: PackedTenants): SnapshotDraft {
  return { version, tenants, upstreams: new Map(), revokedSessions: new Map() };
}

function forgetEnded(revoked: Map<string, number>, now: number): void {
  for (const [jti, until] of revoked) if (until <= now) revoked.delete(jti);
}
