import type { RecommendationAnswer, RecommendationRequest } from "@endcap/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import { connectAdmin } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { asCustomer } from "./operator-key.ts";
import { paint, show, table } from "./output.ts";

interface RecommendOptions extends GlobalOptions {
  readonly tenant: string;
  readonly placement?: string;
  readonly strategy?: string;
  readonly item?: string[];
  readonly user?: string;
  readonly anonymous?: string;
  readonly limit: number;
  readonly env: "live" | "test";
}

export function addRecommend(program: Command): void {
  program
    .command("recommend")
    .description("ask for recommendations as the shop does, and see why each item is there")
    .requiredOption("--tenant <tenant>", "slug or id")
    .option("--placement <id>", "slot on a page (home)")
    .option("--strategy <name>", "a strategy instead of a placement")
    .option("--item <id...>", "items in view, in the cart, or to rank")
    .option("--user <id>", "the shopper, by the shop's own id")
    .option("--anonymous <id>", "the shopper, by anonymous id")
    .option("--limit <n>", "how many", count, 10)
    .addOption(new Option("--env <env>", "environment").choices(["live", "test"]).default("live"))
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<RecommendOptions>();
      const answer = await asCustomer(connectAdmin(options), options.tenant, options.env, (endcap) =>
        endcap.recommendations.get(requestOf(options)),
      );
      show(options, answer, describeList);
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100) throw new InvalidArgumentError("1 to 100");
  return value;
}

function requestOf(options: RecommendOptions): RecommendationRequest {
  const { placement, strategy, item, user, anonymous, limit } = options;
  const shopper = {
    ...(user !== undefined && { userId: user }),
    ...(anonymous !== undefined && { anonymousId: anonymous }),
  };
  return {
    ...(strategy === undefined ? { placement: placement ?? "home" } : { strategy }),
    ...(item !== undefined && { items: item }),
    ...(Object.keys(shopper).length > 0 && { shopper }),
    limit,
    include: ["item", "reason", "score"],
  };
}

export function describeList(answer: RecommendationAnswer): string {
  const by = answer.model === null ? "no model" : `model ${answer.model.version}`;
  const head = `${paint("bold", answer.title ?? answer.strategy)}  ${paint("dim", `${answer.strategy}, ${by}`)}`;
  const note = answer.fallback === undefined ? "" : `\n${paint("yellow", `fallback: ${answer.fallback}`)}`;
  if (answer.items.length === 0) return `${head}${note}\nNothing to recommend yet.`;
  const rows = answer.items.map(({ id, item, reason, score }, index) => [
    String(index + 1),
    item?.title ?? id,
    id,
    item === undefined ? "" : `${item.price} ${item.currency}`,
    score?.toFixed(3) ?? "",
    reason?.text ?? "",
  ]);
  return `${head}${note}\n${table(["#", "ITEM", "ID", "PRICE", "SCORE", "WHY"], rows)}`;
}
