// Mutated requests by the hundred thousand against a real gateway over raw sockets. Nothing unproven may reach an
// upstream, nothing of ours may answer 5xx, end the process or hang past the time-outs.
import { defineBench } from "./bench.ts";
import { attackOnce } from "./fuzz/attack-once.ts";
import { attack, type Dice, SMUGGLED } from "./fuzz/mutations.ts";
import { createDrafts, textOf } from "./fuzz/requests.ts";
import { newShop, startTarget } from "./fuzz/target.ts";
import { type Arrival, startWitness } from "./fuzz/witness.ts";
import { seededRandom } from "./stack/small-shop.ts";

/** The gateway is told to end a request that does not come within this time. */
const requestMsMax = 3_000;
const hangMs = 15_000;
/** An attack that is not answered by then waits aside, so that the others go on. */
const patienceMs = 500;
const waitingMax = 1_500;
const atOnce = 48;
/** A session's 15 minutes and a signature's 300 s are longer than this many take. */
const perRound = 20_000;
const toldMax = 10;

interface Sent {
  readonly mutation: string;
  readonly forged: boolean;
  readonly payload: string;
}

export default defineBench({
  summary: "mutated requests over raw sockets: no 5xx, no crash, no hang, nothing unproven at an upstream",
  options: { requests: { type: "string" }, seed: { type: "string", default: "1" } },
  async run({ short, options, log, cleanup }) {
    const total = Number(options.requests ?? (short ? 6_000 : 1_000_000));
    const random = seededRandom(Number(options.seed));
    const dice: Dice = {
      below: (bound) => Math.floor(random() * bound),
      pick: (list) => list[Math.floor(random() * list.length)] as (typeof list)[number],
    };
    const shops = [newShop(), newShop()] as const;
    const signing = new Set(shops.map((shop) => shop.signing.id));
    const witness = await startWitness((key) => signing.has(key), cleanup);
    const target = await startTarget(shops, witness.url, requestMsMax, cleanup);
    const scene = { dice, other: shops[1] };

    const statuses: Record<string, number> = {};
    const figures = { serverErrors: 0, unauthenticatedReached: 0, alteredReached: 0, hung: 0, closed: 0, reached: 0 };
    // A gateway that refused everybody would pass all else.
    const honest = { sent: 0, accepted: 0 };
    let told = 0;
    const blame = (fault: "serverErrors" | "unauthenticatedReached" | "alteredReached" | "hung", what: string) => {
      figures[fault] += 1;
      if (told++ < toldMax) log(`${fault}: ${what}`);
    };

    function judge(arrivals: readonly Arrival[], round: ReadonlyMap<number, Sent>): void {
      figures.reached += arrivals.length;
      for (const { marker, payload, signed } of arrivals) {
        const sent = round.get(marker ?? -1);
        const text = payload.slice(0, 200);
        if (sent?.forged && payload === sent.payload) blame("unauthenticatedReached", `${sent.mutation}: ${text}`);
        else if (marker === SMUGGLED) blame("unauthenticatedReached", `smuggled: ${text}`);
        else if (signed && payload !== sent?.payload) blame("alteredReached", `${sent?.mutation}: ${text}`);
      }
    }

    const rssMb: number[] = [];
    const start = performance.now();
    for (let first = 0; first < total; first += perRound) {
      const drafts = await createDrafts(target);
      const round = new Map<number, Sent>();
      const waiting = new Set<Promise<void>>();
      let next = first;
      const last = Math.min(total, first + perRound);

      const one = async (n: number, release: () => void): Promise<void> => {
        const draft = drafts.make(n);
        const { mutation, text, forged } = attack(draft, scene);
        round.set(n, { mutation, forged, payload: draft.payload });
        const outcome = await attackOnce(target, text, { patienceMs, hangMs, waits: release });
        if (outcome.kind === "closed") figures.closed += 1;
        else if (outcome.kind === "hung") blame("hung", mutation);
        else {
          statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
          if (outcome.status >= 500) blame("serverErrors", `${outcome.status} to: ${mutation}`);
        }
      };
      const worker = async (): Promise<void> => {
        for (let n = next++; n < last; n = next++) {
          while (waiting.size >= waitingMax) await Promise.race(waiting);
          const { promise, resolve } = Promise.withResolvers<void>();
          const work = one(n, resolve).finally(resolve);
          waiting.add(work);
          void work.finally(() => waiting.delete(work));
          await promise;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      for (let n = last; n < last + drafts.kinds; n++) {
        const draft = drafts.make(n);
        round.set(n, { mutation: "none", forged: false, payload: draft.payload });
        const outcome = await attackOnce(target, textOf(draft), { patienceMs, hangMs, waits: () => undefined });
        honest.sent += 1;
        if (outcome.kind === "answered" && outcome.status < 300) honest.accepted += 1;
      }
      await Promise.all(waiting);
      judge(witness.take(), round);
      rssMb.push(Math.round(target.rssBytes() / 2 ** 20));
      const perSecond = Math.round(last / ((performance.now() - start) / 1000));
      log(`${last} of ${total} sent, ${perSecond}/s, ${told} faults, ${target.crashes()} crashes`);
      if (target.crashes() > 0) break;
    }

    const ok = told === 0 && target.crashes() === 0 && honest.accepted === honest.sent;
    return {
      ok,
      figures: {
        requests: total,
        ...figures,
        crashes: target.crashes(),
        honest,
        statuses,
        rssMb: { first: rssMb[0] ?? 0, last: rssMb.at(-1) ?? 0 },
      },
    };
  },
});
