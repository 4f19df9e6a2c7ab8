import type { Item } from "@endcap/protocol";

interface Dated {
  readonly item: Item;
  readonly slot: number;
  readonly at: number;
}

/**
 * Items, most recently updated first, kept in order as they change: what arrived is sorted alone and merged in when
 * somebody asks, so that a catalogue that moves every second is not sorted every second.
 */
export class ByUpdate {
  #sorted: Dated[] = [];
  #arrived: Dated[] = [];
  /** Removed and not yet taken out. */
  readonly #gone = new Set<Item>();

  /** The item in a slot of the catalogue. */
  add(slot: number, item: Item): void {
    if (this.#gone.delete(item)) return;
    const at = Date.parse(item.updatedAt);
    this.#arrived.push({ item, slot, at: Number.isFinite(at) ? at : 0 });
  }

  /** The very object that was added. */
  remove(item: Item): void {
    this.#gone.add(item);
  }

  /** Slots. */
  *newestFirst(): Generator<number> {
    this.#settle();
    for (const { slot } of this.#sorted) yield slot;
  }

  #settle(): void {
    if (this.#arrived.length === 0 && this.#gone.size === 0) return;
    const [old, fresh, gone] = [this.#sorted, this.#arrived.sort(newer), this.#gone];
    const merged: Dated[] = [];
    let next = 0;
    for (const dated of old) {
      while (next < fresh.length && newer(fresh[next] as Dated, dated) < 0) merged.push(fresh[next++] as Dated);
      merged.push(dated);
    }
    while (next < fresh.length) merged.push(fresh[next++] as Dated);
    this.#sorted = gone.size === 0 ? merged : merged.filter(({ item }) => !gone.has(item));
    this.#arrived = [];
    gone.clear();
  }
}

const newer = (a: Dated, b: Dated): number => b.at - a.at || (a.item.id < b.item.id ? -1 : 1);
