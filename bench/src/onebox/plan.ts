/** What the load process is told, and what it tells. */
export interface LoadTenant {
  readonly id: string;
  readonly origin: string;
  readonly publishable: string;
  readonly generation: string;
  /** base64url of 32 bytes. */
  readonly sessionKey: string;
  /** Its part of the load and of the shoppers; all parts add up to 1. */
  readonly share: number;
}

export interface LoadPlan {
  readonly port: number;
  readonly tenants: readonly LoadTenant[];
  readonly shoppers: number;
  readonly itemIds: readonly string[];
  readonly eventsPerRequest: number;
  /** A second. */
  readonly eventRequests: number;
  readonly recommendations: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Of one kind of request. Latencies count from when a request was due, not from when it could be sent. */
export interface LoadResult {
  readonly due: number;
  readonly answered: number;
  readonly errors: number;
  readonly errorsBy: Readonly<Record<string, number>>;
  readonly fallbacks: number;
  readonly msP50: number;
  readonly msP99: number;
}

export type LoadReport =
  | { readonly state: "warm" }
  | { readonly state: "done"; readonly events: LoadResult; readonly recommendations: LoadResult };
