import type { Writable } from "node:stream";
import type { Event } from "@endcap/protocol";
import type { TableName } from "@endcap/storage";

/** Bytes that may wait for one follower. One that is slower is cut off: the events themselves are safe without it. */
const waitingBytesMax = 1024 * 1024;

/** People who watch a tenant's events arrive. Without one a publication costs a look into an empty map. */
export class EventTail {
  readonly #followers = new Map<string, Set<Writable>>();

  /** Writes each event that becomes durable from now on as a line, until `out` closes. */
  follow(name: TableName, out: Writable): void {
    const key = keyOf(name);
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers.add(out));
    out.once("close", () => {
      followers.delete(out);
      if (followers.size === 0) this.#followers.delete(key);
    });
  }

  publish(name: TableName, events: readonly Event[]): void {
    if (this.#followers.size === 0) return;
    const followers = this.#followers.get(keyOf(name));
    if (followers === undefined || events.length === 0) return;
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    for (const out of followers) {
      if (out.writableLength > waitingBytesMax) out.destroy();
      else out.write(lines);
    }
  }

  /** Ends all streams, so that a shutdown does not wait for them. */
  close(): void {
    for (const followers of this.#followers.values()) for (const out of followers) out.end();
  }
}

function keyOf({ tenant, env }: TableName): string {
  return `${tenant}/${env}`;
}
