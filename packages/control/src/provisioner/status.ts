import { ModelInfo } from "@endcap/protocol";
import Type, { type Static } from "typebox";
import { Value } from "typebox/value";

const STATUS_MS_MAX = 1_000;

/** What every service says of itself on its admin port; further facts are its own. */
const ServiceStatus = Type.Object({
  version: Type.String(),
  uptimeMs: Type.Number(),
  rssBytes: Type.Number(),
  /** Receivers of the snapshot: the version they use. */
  snapshotVersion: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  /** A recommender's model; null before the first. */
  model: Type.Optional(Type.Union([ModelInfo, Type.Null()])),
});
export type ServiceStatus = Static<typeof ServiceStatus>;

/** Undefined when the process does not answer in time: it may be starting, busy or gone. */
export async function fetchStatus(adminUrl: string | undefined): Promise<ServiceStatus | undefined> {
  if (adminUrl === undefined) return undefined;
  try {
    const answer = await fetch(new URL("/internal/v1/status", adminUrl), {
      signal: AbortSignal.timeout(STATUS_MS_MAX),
    });
    const status: unknown = await answer.json();
    return Value.Check(ServiceStatus, status) ? status : undefined;
  } catch {
    return undefined;
  }
}
