import type { Item } from "@endcap/protocol";

interface Dated {
  readonly id: string;
  readonly slot: number;
  readonly at: number;
  /** Removed, and not yet taken out. */
  gone: boolean;
}

/**
 * Items, most recently updated first, kept in order as they change: what arrived is sorted alone and merged in when
 * somebody asks, so that a catalogue that moves every second is not sorted every second.
 */
export class ByUpdate {
  #sorted: Dated[] = [];
  #arrived: Dated[] = [];
  #removed = false;
  readonly #inSlot = new Map<number, Dated>();

  /** The item in a slot of the catalogue, which is not in here. */
  add(slot: number, { id, updatedAt }: Pick<Item, "id" | "updatedAt">): void {
    const at = Date.parse(updatedAt);
    const dated: Dated = { id, slot, at: Number.isFinite(at) ? at : 0, gone: false };
    this.#inSlot.set(slot, dated);
    this.#arrived.push(dated);
  }

  remove(slot: number): void {
    const dated = this.#inSlot.get(slot);
    if (dated === undefined) return;
    dated.gone = true;
    this.#removed = true;
    this.#inSlot.delete(slot);
  }

  /** Slots. */
  *newestFirst(): Generator<number> {
    this.#settle();
    for (const { slot } of this.#sorted) yield slot;
  }

  #settle(): void {
    if (this.#arrived.length === 0 && !this.#removed) return;
    const old = this.#sorted.filter(({ gone }) => !gone);
    const fresh = this.#arrived.filter(({ gone }) => !gone).sort(newer);
    const merged: Dated[] = [];
    let next = 0;
    for (const dated of old) {
      while (next < fresh.length && newer(fresh[next] as Dated, dated) < 0) merged.push(fresh[next++] as Dated);
      merged.push(dated);
    }
    while (next < fresh.length) merged.push(fresh[next++] as Dated);
    this.#sorted = merged;
    this.#arrived = [];
    this.#removed = false;
  }
}

const newer = (a: Dated, b: Dated): number => b.at - a.at || (a.id < b.id ? -1 : 1);
