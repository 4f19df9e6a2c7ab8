import { type Item, judgeItem, type PutItemsAnswer } from "@endcap/protocol";
import type { CatalogStore } from "@endcap/storage";

/** Judges items one by one and stores the good ones. */
export async function putItems(
  catalogue: CatalogStore,
  rawItems: readonly unknown[],
): Promise<Omit<PutItemsAnswer, "serverTime">> {
  const good: Item[] = [];
  const rejected: PutItemsAnswer["rejected"] = [];
  for (const [index, raw] of rawItems.entries()) {
    const verdict = judgeItem(raw);
    if (verdict.ok) {
      good.push(verdict.value);
      continue;
    }
    const { code, pointer } = verdict;
    rejected.push({ index, ...knownId(raw, pointer), code, ...(pointer !== undefined && { pointer }) });
  }
  const results = good.length === 0 ? [] : await catalogue.upsert(good);
  const stored = results.filter((result) => result === "stored").length;
  return { stored, stale: results.length - stored, rejected };
}

/** The refused item's id, unless the id itself is what is wrong. */
function knownId(raw: unknown, pointer: string | undefined): { id?: string } {
  const id = typeof raw === "object" && raw !== null && "id" in raw ? raw.id : undefined;
  return typeof id === "string" && id.length <= 500 && pointer !== "/id" ? { id } : {};
}
