/** A process that should run. */
export interface ProcessSpec {
  /** Unique on this machine, also the name of its log and of its directory below `nodes/`. */
  readonly name: string;
  readonly kind: "gateway" | "collector" | "ml" | "recommender";
  readonly tenantId?: string;
  /** It may be stopped while nobody asks it anything: a request brings it back. */
  readonly hibernates?: true;
  /** Directory of the package and the name of its entry, without extension. */
  readonly program: { readonly packageName: string; readonly entry: string };
  /** Its configuration, in the words of its own schema; written to `nodes/<name>/config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Names of the shared processes; a tenant's recommender is named by `recommenderName`. */
export const SHARED = { gateway: "gateway", collector: "collector", ml: "ml" } as const;

export function recommenderName(tenantId: string): string {
  return `recommender-${tenantId}`;
}
