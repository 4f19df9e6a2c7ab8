import {
  DEADLINE_HEADER,
  encodePrincipal,
  PARTS_CONTENT_TYPE,
  PRINCIPAL_HEADER,
  type Principal,
  type RecommendationAnswer,
  type SnapshotTenant,
  type SnapshotUpstream,
} from "@endcap/protocol";
import { FrameReader } from "@endcap/service-kit";
import { request } from "undici";
import { onTestFinished, vi } from "vitest";
import { buildMl, type MlConfig } from "../../src/index.ts";
import { type Control, startControl } from "./control.ts";
import { group, type House, newHouse } from "./house.ts";
import { anonymousId, browser, shop, tenantA } from "./samples.ts";

export interface Answer {
  readonly status: number;
  /** `undefined` when the body is no list. */
  readonly list: RecommendationAnswer | undefined;
  readonly json: unknown;
  readonly ms: number;
}

export interface AskOptions {
  readonly principal?: Principal;
  readonly deadlineMs?: number;
  /** `null`: none. */
  readonly token?: string | null;
  readonly bytes?: Uint8Array;
  /** Default: the same one always. */
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

export interface Ml {
  readonly url: string;
  readonly adminUrl: string;
  readonly house: House;
  readonly control: Control;
  /** As gateways ask: a part of an open request. */
  ask(body: unknown, options?: AskOptions): Promise<Answer>;
  /** By a request of its own, as control asks. */
  askAlone(body: unknown, options?: AskOptions & { contentType?: string }): Promise<Answer>;
  /** Publishes a snapshot and waits until ml has it. */
  publish(tenants: SnapshotTenant[], upstreams: SnapshotUpstream[]): Promise<void>;
  status(): Promise<Record<string, unknown>>;
  metric(line: string): Promise<number>;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly house?: House;
  /** The recommender of tenant A. */
  readonly recommenderUrl?: string;
  readonly collectorUrl?: string;
  readonly config?: Partial<MlConfig>;
  readonly now?: () => number;
}

export const upstreamsOf = (recommenderUrl?: string, collectorUrl = "http://127.0.0.1:9"): SnapshotUpstream[] => [
  { id: "collector", kind: "collector", url: collectorUrl },
  ...(recommenderUrl === undefined ? [] : [{ id: "recommender-a", kind: "recommender" as const, url: recommenderUrl }]),
];

/** ml as production builds it, on free ports, with tenant A in its snapshot. */
export async function startMl(options: StartOptions = {}): Promise<Ml> {
  const { house = newHouse(), recommenderUrl, collectorUrl, now } = options;
  const control = await startControl(house.dir);
  control.publish([shop(tenantA)], upstreamsOf(recommenderUrl, collectorUrl));
  const service = await buildMl(
    {
      host: "127.0.0.1",
      port: 0,
      adminHost: "127.0.0.1",
      adminPort: 0,
      logLevel: "silent",
      drainDelayMs: 0,
      drainMsMax: 4_000,
      jwksFile: house.jwksFile,
      models: house.models,
      snapshotUrl: control.url,
      snapshotPublicKeyFile: control.publicKeyFile,
      stateDir: house.dir,
      group,
      groupKeyFile: house.groupKeyFile,
      // Ample, so that only tests about deadlines meet one, however busy the machine.
      deadlineMsDefault: 5_000,
      deadlineMarginMs: 15,
      fallbackRefreshMs: 15_000,
      fallbackBytesMax: 16 * 1024 * 1024,
      breakerFailures: 5,
      breakerOpenMs: 1_000,
      connectionsMax: 64,
      ...options.config,
    },
    { ...(now && { now }) },
  );
  const { url, adminUrl } = await service.listen();
  onTestFinished(() => service.close());
  // As the gateway mints it: ml's token names the recommender too, and ml passes it on.
  const issuer = await house.issuer(["ml", "recommender"]);

  const status = async () => (await (await fetch(`${adminUrl}/internal/v1/status`)).json()) as Record<string, unknown>;

  const bytesOf = (body: unknown, { bytes }: AskOptions): Uint8Array => bytes ?? Buffer.from(JSON.stringify(body));
  const authorization = async ({ token }: AskOptions): Promise<Record<string, string>> =>
    token === null ? {} : { authorization: `Bearer ${token ?? (await issuer.token())}` };
  const answerOf = (status: number, json: unknown, ms: number): Answer => {
    // What a test expects of it is what it asserts.
    return { status, list: status === 200 ? (json as RecommendationAnswer) : undefined, json, ms };
  };

  async function ask(body: unknown, options: AskOptions = {}): Promise<Answer> {
    const { principal = browser({ anonymousId: anonymousId() }), deadlineMs, signal } = options;
    const startedAt = performance.now();
    const payload = bytesOf(body, options);
    const header = { p: principal, r: options.requestId ?? "req_1", n: payload.length, d: deadlineMs };
    const answer = await request(`${url}/internal/v1/recommendation-parts`, {
      method: "POST",
      body: Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), payload, Buffer.from("\n")]),
      headers: { ...(await authorization(options)), "content-type": PARTS_CONTENT_TYPE },
      ...(signal && { signal }),
    });
    const answered = Buffer.from(await answer.body.arrayBuffer());
    const ms = performance.now() - startedAt;
    if (answer.statusCode !== 200) return answerOf(answer.statusCode, JSON.parse(answered.toString()), ms);
    const [frame] = new FrameReader(answered.length).push(answered);
    if (frame === undefined) throw new Error("the part has no answer");
    return answerOf(Number(frame.header.s), JSON.parse(frame.payload.toString()), ms);
  }

  async function askAlone(body: unknown, options: AskOptions & { contentType?: string } = {}): Promise<Answer> {
    const { principal = browser({ anonymousId: anonymousId() }), deadlineMs, signal } = options;
    const startedAt = performance.now();
    const answer = await request(`${url}/v1/recommendations`, {
      method: "POST",
      body: bytesOf(body, options),
      headers: {
        ...(await authorization(options)),
        [PRINCIPAL_HEADER]: encodePrincipal(principal),
        "content-type": options.contentType ?? "application/json",
        ...(deadlineMs !== undefined && { [DEADLINE_HEADER]: String(deadlineMs) }),
      },
      ...(signal && { signal }),
    });
    return answerOf(answer.statusCode, await answer.body.json(), performance.now() - startedAt);
  }

  const ml: Ml = {
    url,
    adminUrl,
    house,
    control,
    ask,
    askAlone,
    status,
    async publish(tenants, upstreams) {
      const { snapshotVersion } = await status();
      control.publish(tenants, upstreams);
      await vi.waitUntil(async () => (await status()).snapshotVersion !== snapshotVersion, { interval: 5 });
    },
    async metric(line) {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      const found = text.split("\n").find((each) => each.startsWith(line));
      return Number(found?.slice(found.lastIndexOf(" ")) ?? 0);
    },
    close: () => service.close(),
  };
  await vi.waitUntil(async () => (await status()).snapshotVersion !== null, { interval: 5 });
  return ml;
}
