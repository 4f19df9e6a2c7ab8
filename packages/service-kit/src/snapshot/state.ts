import type { SnapshotMessage, SnapshotTenant, SnapshotUpstream, TenantSecrets } from "@endcap/protocol";

/** Everything a receiver knows. Never changed in place: a new version is a new object. */
export interface SnapshotState {
  readonly version: number;
  readonly tenants: ReadonlyMap<string, SnapshotTenant>;
  readonly upstreams: ReadonlyMap<string, SnapshotUpstream>;
  /** Session id to the Unix ms until which it must be remembered. */
  readonly revokedSessions: ReadonlyMap<string, number>;
  /** By tenant id; empty where no secrets were asked for. */
  readonly secrets: ReadonlyMap<string, TenantSecrets>;
}

/** What is new in a state: the ids whose tenant changed, came or went, or everything. */
export type SnapshotDelta = "all" | ReadonlySet<string>;

export type Applied =
  | { readonly outcome: "state"; readonly state: SnapshotState; readonly delta: SnapshotDelta }
  /** Nothing to do: a part of something larger, a heartbeat, or a version that is held already. */
  | { readonly outcome: "none" }
  /** A version is missing in between: ask for the whole again. */
  | { readonly outcome: "gap" };

/** Opens the `sealed` member of a tenant. */
export type OpenSecrets = (tenant: SnapshotTenant) => TenantSecrets | undefined;

type Part = Extract<SnapshotMessage, { kind: "part" | "change" }>;

interface Draft {
  readonly version: number;
  readonly tenants: Map<string, SnapshotTenant>;
  readonly upstreams: Map<string, SnapshotUpstream>;
  readonly revokedSessions: Map<string, number>;
  readonly secrets: Map<string, TenantSecrets>;
}

const nothing: Applied = { outcome: "none" };
const gap: Applied = { outcome: "gap" };

/**
 * Applies the messages of one connection in order. A version that is not newer than the held one never replaces it,
 * so a replayed recording of the stream changes nothing.
 */
export function createApplier(held: () => SnapshotState | undefined, openSecrets: OpenSecrets, now: () => number) {
  let draft: Draft | undefined;

  function add(to: Draft, message: Part): void {
    for (const { sealed, ...tenant } of message.tenants) {
      to.tenants.set(tenant.id, tenant);
      const secrets = sealed === undefined ? undefined : openSecrets({ ...tenant, sealed });
      if (secrets === undefined) to.secrets.delete(tenant.id);
      else to.secrets.set(tenant.id, secrets);
    }
    for (const upstream of message.upstreams) to.upstreams.set(upstream.id, upstream);
    for (const { jti, until } of message.revokedSessions) to.revokedSessions.set(jti, until);
  }

  return (message: SnapshotMessage): Applied => {
    const current = held();
    const version = current?.version ?? -1;
    switch (message.kind) {
      case "begin":
        draft = emptyDraft(message.version);
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
        const next = draftOf(current, message.version, now());
        add(next, message);
        for (const id of message.removedTenants) {
          next.tenants.delete(id);
          next.secrets.delete(id);
        }
        for (const id of message.removedUpstreams) next.upstreams.delete(id);
        const touched = new Set([...message.tenants.map(({ id }) => id), ...message.removedTenants]);
        // A moved upstream concerns whoever routes to it.
        const delta = message.upstreams.length + message.removedUpstreams.length > 0 ? "all" : touched;
        return { outcome: "state", state: next, delta };
      }
      case "heartbeat":
        return message.version > version && draft === undefined ? gap : nothing;
    }
  };
}

function emptyDraft(version: number): Draft {
  return { version, tenants: new Map(), upstreams: new Map(), revokedSessions: new Map(), secrets: new Map() };
}

function draftOf(state: SnapshotState, version: number, now: number): Draft {
  return {
    version,
    tenants: new Map(state.tenants),
    upstreams: new Map(state.upstreams),
    revokedSessions: new Map([...state.revokedSessions].filter(([, until]) => until > now)),
    secrets: new Map(state.secrets),
  };
}
