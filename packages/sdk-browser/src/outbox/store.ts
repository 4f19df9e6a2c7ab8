/**
 * What outlives the page: localStorage under one versioned prefix, or memory where storage is refused or full. Each
 * entry has its own name, so that tabs never overwrite each other's.
 */
import { attempt } from "../core/attempt.ts";

export interface Store {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  remove(name: string): void;
  /** Sets one of a kind of entries, of which there are a few dozen at most. */
  keep(kind: string, name: string, value: string): void;
  /** Names that start with `start`, in order. */
  names(start: string): string[];
}

/** The format of what is stored. Another number starts afresh and leaves the old entries alone. */
const VERSION = 1;
const KEPT_MAX = 50;

export function createStore(key: string, storage: () => Storage | undefined, warn: (what: string) => void): Store {
  const prefix = `endcap${VERSION}:${key}:`;
  const memory = new Map<string, string>();

  const store: Store = {
    get: (name) => memory.get(name) ?? attempt(() => storage()?.getItem(prefix + name)) ?? undefined,
    set(name, value) {
      // Without storage, and when it is full, the entry lives as long as the page.
      memory.set(name, value);
      try {
        (storage() as Storage).setItem(prefix + name, value);
        memory.delete(name);
      } catch {
        warn("no storage");
      }
    },
    keep(kind, name, value) {
      for (const old of store.names(kind).slice(KEPT_MAX)) store.remove(old);
      store.set(kind + name, value);
    },
    remove(name) {
      memory.delete(name);
      attempt(() => storage()?.removeItem(prefix + name));
    },
    names(start) {
      const found = new Set(memory.keys());
      attempt(() => {
        for (const name of Object.keys(storage() as Storage)) {
          if (name.startsWith(prefix)) found.add(name.slice(prefix.length));
        }
      });
      return [...found].filter((name) => name.startsWith(start)).sort();
    },
  };
  return store;
}
