import type { UsageAnswer } from "@endcap/protocol";
import type { SendUsage } from "./control-usage.ts";
import type { Ledger } from "./ledger.ts";
import type { UsageBatch, UsageLog } from "./usage-log.ts";

export interface DeliveryOptions {
  readonly log: UsageLog;
  readonly ledger: Ledger;
  readonly send: SendUsage;
  /** This run of this gateway. */
  readonly source: string;
  readonly onAnswer: (answer: UsageAnswer) => void;
}

const nothing = { counted: [], json: "" };

/**
 * Hands everything undelivered to control, oldest first, and takes the month's totals in return. With nothing to
 * deliver it still says that this gateway lives. Rejects when control cannot be reached; the rest waits in the log.
 */
export async function deliver({ log, ledger, send, source, onAnswer }: DeliveryOptions, leaving = false) {
  let told = false;
  for (let batch = await log.next(); batch !== undefined; batch = await log.next()) {
    await exchange(batch);
    await batch.done();
  }
  if (!told || leaving) await exchange({ source, ...nothing });

  async function exchange({ source: from, counted, json }: Omit<UsageBatch, "done">): Promise<void> {
    const { month, cursor } = ledger;
    const answer = await send({ source: from, month, cursor, reporter: source, leaving }, json);
    ledger.acknowledged(counted);
    ledger.apply(month, answer.cursor, answer.totals);
    onAnswer(answer);
    told = true;
    if (answer.more) await exchange({ source, ...nothing });
  }
}
