import {
  EndcapError,
  type Event,
  type ImportPartAnswer,
  type Item,
  judgeEvent,
  judgeItem,
  LIMITS,
} from "@endcap/protocol";
import { parseJson } from "@endcap/service-kit";
import { type ShopperKey, shopperKeyOf } from "@endcap/storage";

const faultsMax = 1000;

export interface ShopperHistory {
  readonly shopper: ShopperKey;
  readonly events: Event[];
}

/** What was read since the last `take`. */
export interface PartContent {
  readonly histories: ShopperHistory[];
  readonly items: Item[];
}

export interface PartReaderOptions {
  /** What the caller's scopes allow. */
  readonly mayWriteEvents: boolean;
  readonly mayWriteItems: boolean;
  readonly now: number;
}

/** Reads the lines of one part: judges each alone, gathers events by shopper, and lets the last line about an item win. */
export class PartReader {
  events = 0;
  items = 0;
  rejected = 0;
  readonly faults: ImportPartAnswer["faults"] = [];
  /** Items whose last line is a deletion. To be removed when everything else of the part is stored. */
  readonly deletes = new Set<string>();
  /** Bytes of the lines behind what `take` would give. */
  heldBytes = 0;

  readonly #options: PartReaderOptions;
  #eventIds = new Set<string>();
  #histories = new Map<string, ShopperHistory>();
  #items = new Map<string, Item>();
  #line = 0;

  constructor(options: PartReaderOptions) {
    this.#options = options;
  }

  /** `null` is a line that was too long to read. */
  add(line: Buffer | null): void {
    this.#line += 1;
    if (line !== null && isBlank(line)) return;
    const fault = line === null ? { code: "line_invalid" as const } : this.#read(line);
    if (fault === undefined) {
      this.heldBytes += line?.length ?? 0;
      return;
    }
    this.rejected += 1;
    if (this.faults.length < faultsMax) this.faults.push({ line: this.#line, ...fault });
  }

  take(): PartContent {
    const content = { histories: [...this.#histories.values()], items: [...this.#items.values()] };
    this.#histories = new Map();
    this.#items = new Map();
    this.#eventIds = new Set();
    this.heldBytes = 0;
    return content;
  }

  #read(bytes: Buffer): { code: string; pointer?: string } | undefined {
    let line: unknown;
    try {
      line = parseJson(bytes);
    } catch (error) {
      return { code: error instanceof EndcapError ? error.code : "line_invalid" };
    }
    if (typeof line !== "object" || line === null) return { code: "line_invalid" };
    if ("event" in line) return this.#readEvent(line.event, bytes.length);
    if ("item" in line) return this.#readItem(line.item);
    if ("delete" in line) return this.#readDelete(line.delete);
    return { code: "line_invalid" };
  }

  #readEvent(raw: unknown, lineBytes: number) {
    if (!this.#options.mayWriteEvents) return { code: "scope_missing" };
    if (lineBytes > LIMITS.eventBytesMax) return { code: "event_too_large" };
    const verdict = judgeEvent(raw, { now: this.#options.now, imported: true });
    if (!verdict.ok) return faultOf(verdict, "/event");
    const event = verdict.value;
    const shopper = shopperKeyOf(event.shopper ?? {});
    if (shopper === undefined) return { code: "shopper_missing", pointer: "/event/shopper" };
    this.events += 1;
    if (this.#eventIds.has(event.id)) return undefined;
    this.#eventIds.add(event.id);
    const key = `${shopper.kind} ${shopper.id}`;
    const history = this.#histories.get(key);
    if (history) history.events.push(event);
    else this.#histories.set(key, { shopper, events: [event] });
    return undefined;
  }

  #readItem(raw: unknown) {
    if (!this.#options.mayWriteItems) return { code: "scope_missing" };
    const verdict = judgeItem(raw);
    if (!verdict.ok) return faultOf(verdict, "/item");
    this.items += 1;
    this.deletes.delete(verdict.value.id);
    this.#items.set(verdict.value.id, verdict.value);
    return undefined;
  }

  #readDelete(id: unknown) {
    if (!this.#options.mayWriteItems) return { code: "scope_missing" };
    if (typeof id !== "string" || id.length === 0 || Buffer.byteLength(id) > LIMITS.idBytesMax) {
      return { code: "line_invalid", pointer: "/delete" };
    }
    this.#items.delete(id);
    this.deletes.add(id);
    return undefined;
  }
}

function faultOf({ code, pointer }: { code: string; pointer?: string }, root: string) {
  return { code, ...(pointer !== undefined && { pointer: root + pointer }) };
}

/** Space, tab and carriage return only: the last line of most files. */
const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 32 || byte === 9 || byte === 13);
