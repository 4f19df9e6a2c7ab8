import { EndcapError, type Environment, isStrategy, RankRequest, StrategyRequest } from "@endcap/protocol";
import {
  type App,
  createService,
  type IdleMessage,
  internalAuth,
  type Part,
  type PartReply,
  parseJson,
  partRoute,
  pointersOf,
  principalOf,
  type Service,
} from "@endcap/service-kit";
import { openModels, openTables, type TenantTable } from "@endcap/storage";
import type { FastifyReply } from "fastify";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { Catalogue } from "./catalogue/catalogue.ts";
import type { RecommenderConfig } from "./config.ts";
import { LiveDelta } from "./live/live-delta.ts";
import { LiveTail } from "./live/live-tail.ts";
import { randomPool } from "./random-pool.ts";
import { Champion } from "./serving/champion.ts";
import { FallbackPublisher } from "./serving/fallback-publisher.ts";
import { watchIdle } from "./serving/idle-watch.ts";
import { ServedWriter } from "./serving/served-writer.ts";
import { type Recommended, TenantRecommender } from "./serving/tenant-recommender.ts";
import { trimWhenQuiet } from "./serving/trim-when-quiet.ts";

const dayMs = 86_400_000;
const rankCheck = Compile(RankRequest);
/** A question and its placement with all its rules; what Fastify would take of one as well. */
const rankBytesMax = 1024 * 1024;
/** Served lists are kept this long, for metrics and for "why did I see this". */
const servedRetentionMs = 90 * dayMs;

/**
 * Long enough that a shop with shoppers in it never waits for a full collection, nor for code that this throws away to be
 * compiled again.
 */
const quietMs = 30_000;

/** One tenant's recommender: reads its tables and models, listens for its gateway and ml. */
export async function buildRecommender(config: RecommenderConfig): Promise<Service> {
  const service = createService({ name: "recommender", config, trustRequestId: true });
  const { app, log } = service;
  const now = Date.now;
  const tables = openTables(config.tables);
  const models = openModels(config.models).open(config.tenant);
  const opened = new Map<Environment, Promise<TenantTable>>();
  const tableOf = (env: Environment): Promise<TenantTable> => {
    let table = opened.get(env);
    if (table === undefined) {
      table = tables.open({ tenant: config.tenant, env });
      opened.set(env, table);
      // A table that could not be opened is tried again by the next request.
      table.catch(() => opened.delete(env));
    }
    return table;
  };

  const live = await tableOf("live");
  const catalogue = new Catalogue(live.catalogue, now);
  const delta = new LiveDelta();
  const tail = new LiveTail(live.arrivals, delta);
  const champion = new Champion(models, log);
  const served = new ServedWriter(log, servedRetentionMs);
  const fallback = new FallbackPublisher(models, config.fallbackMs, now);
  const recommender = new TenantRecommender({
    catalogue,
    champion,
    delta,
    exploreEvery: config.exploreEvery,
    tableOf,
    historyEvents: config.historyEvents,
    now,
    random: randomPool(),
  });

  const refresh = async (atOnce = false): Promise<void> => {
    await catalogue.refresh();
    const swapped = await champion.refresh();
    if (swapped && champion.current !== undefined) await recommender.ranker.prepare(champion.current.model);
    const popular = () => recommender.ranker.popular(champion.current?.model, 200);
    await fallback.publish(popular, champion.current, swapped || atOnce);
  };
  await refresh();
  const stopPolling = pollEvery(
    config.pollMs,
    () => refresh(),
    (error) => log.error({ err: error }, "looking for changes failed"),
  );

  // Beside the other polling, and not before the first answer: after a restart there may be a day to catch up with.
  const stopFollowing = pollEvery(
    config.pollMs,
    async () => {
      const before = delta.events;
      await tail.follow(champion.current?.model.parts.meta.trainedAt ?? 0);
      if (delta.events !== before) await recommender.ranker.followTrends(champion.current?.model);
    },
    (error) => log.error({ err: error }, "following the events failed"),
  );

  app.addHook("onClose", async () => {
    tail.stop();
    await Promise.all([stopPolling(), stopFollowing()]);
    // What answers for as long as this does not run.
    await refresh(true).catch((error: unknown) => log.warn({ err: error }, "the last fallback list was not published"));
    await served.flush();
    await tables.close();
  });
  service.status(() => ({
    tenant: config.tenant,
    model:
      champion.current === undefined
        ? null
        : {
            version: champion.current.version,
            trainedAt: champion.current.trainedAt,
            items: champion.current.model.itemCount,
          },
    refusedModel: champion.refused ?? null,
    catalogueItems: catalogue.size,
    live: { events: delta.events, ...delta.size },
    servedWritten: served.written,
    servedDropped: served.dropped,
  }));

  /** Logged once the answer has reached a live connection: a list that nobody received was not served. */
  const logWhenAnswered = (reply: FastifyReply, env: Environment, { record, table }: Recommended): void => {
    reply.raw.once("finish", () => {
      if (!reply.raw.socket?.destroyed) served.add(env, table, record);
    });
  };

  /** ml's questions, as parts of a request that stays open. */
  async function rankPart({ principal, payload }: Part): Promise<PartReply> {
    const question = parseJson(payload, "error");
    if (!rankCheck.Check(question)) {
      throw new EndcapError("invalid_request", { errors: pointersOf(rankCheck.Errors(question)) });
    }
    const { text, record, table } = await recommender.recommend(principal, question);
    if (question.preview !== undefined) return { status: 200, body: text };
    return { status: 200, body: text, written: () => served.add(principal.env, table, record) };
  }

  await app.register(async (internal: App) => {
    await internal.register(internalAuth, {
      audience: "recommender",
      jwksFile: config.jwksFile,
      tenant: config.tenant,
    });
    trimWhenQuiet(internal, quietMs, () => {
      catalogue.bySlot.forget();
      recommender.ranker.forget();
    });
    if (config.idleMs > 0) watchIdle(internal, config.idleMs, tellParent);

    partRoute(internal, {
      path: "/internal/v1/rank-parts",
      payloadBytesMax: rankBytesMax,
      tenant: config.tenant,
      answer: rankPart,
      observe: (status, seconds) => service.observe("POST", "/internal/v1/recommend", status, seconds),
      now,
    });

    internal.post("/internal/v1/recommend", { schema: { body: RankRequest } }, async (request, reply) => {
      const principal = principalOf(request);
      const recommended = await recommender.recommend(principal, request.body);
      // A preview was made for the shop, not for a shopper.
      if (request.body.preview === undefined) logWhenAnswered(reply, principal.env, recommended);
      return reply.type("application/json; charset=utf-8").send(recommended.text);
    });

    internal.post(
      "/v1/recommenders/:strategy",
      {
        schema: {
          params: Type.Object({ strategy: Type.String() }),
          body: StrategyRequest,
        },
      },
      async (request, reply) => {
        const principal = principalOf(request);
        if (principal.auth !== "sk" || !principal.scope.includes("recommendations:read"))
          throw new EndcapError("scope_missing");
        const { strategy } = request.params;
        if (!isStrategy(strategy)) throw new EndcapError("strategy_unknown");
        const recommended = await recommender.recommend(principal, {
          strategy,
          request: { include: ["score"], ...request.body },
        });
        logWhenAnswered(reply, principal.env, recommended);
        return reply.type("application/json; charset=utf-8").send(recommended.text);
      },
    );
  });
  return service;
}

/** Only a parent with an IPC channel can end this process and start it again. */
function tellParent(): void {
  const message: IdleMessage = { idle: true };
  if (process.connected) process.send?.(message);
}

/** Runs `work` again `ms` after it ended; the function it returns stops that and waits for what is under way. */
function pollEvery(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(() => {
      running = work()
        .catch(onError)
        .finally(() => {
          if (!stopped) next();
        });
    }, ms);
    timer.unref();
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
