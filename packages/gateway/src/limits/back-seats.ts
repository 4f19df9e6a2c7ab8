import type { Socket } from "node:net";

/**
 * Who sends more than its limit waits behind those who do not. When a connection's last request was over its tenant's
 * limit, its next is looked at after everybody else's of that turn of the event loop, a few such in each turn: what a
 * neighbour waits for is those few, however many come at once. All are answered, and in the order they came.
 */
export interface BackSeats {
  /** Whether a request of this connection waits. */
  has(socket: Socket): boolean;
  /** Goes on in its turn. */
  wait(goOn: () => void): void;
  /** What became of the connection's last request. */
  note(socket: Socket, isOverLimit: boolean): void;
}

/**
 * A tenth of a millisecond or two of refusals. With eight a neighbour's median rose by half, as it waits at each of its
 * turns; with fewer each pays more of what a turn costs.
 */
const perTurn = 3;
/** Beyond it nobody waits. A connection has one request here, unless it sends without waiting for answers. */
const waitingMax = 10_000;

export function createBackSeats(): BackSeats {
  const overLimit = new WeakSet<Socket>();
  const waiting: (() => void)[] = [];

  function serve(): void {
    for (const goOn of waiting.splice(0, perTurn)) goOn();
    if (waiting.length > 0) setImmediate(serve);
  }

  return {
    has: (socket) => overLimit.has(socket) && waiting.length < waitingMax,
    wait(goOn) {
      waiting.push(goOn);
      if (waiting.length === 1) setImmediate(serve);
    },
    note(socket, isOverLimit) {
      if (isOverLimit) overLimit.add(socket);
      else overLimit.delete(socket);
    },
  };
}
