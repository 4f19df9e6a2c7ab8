/** One attack over a connection of its own. */
import { connect } from "node:net";
import type { Target } from "./target.ts";

export type Outcome =
  /** Status of the first answer. */
  | { readonly kind: "answered"; readonly status: number }
  /** The connection was closed without one. */
  | { readonly kind: "closed" }
  /** Neither came before the gateway's own time-outs should have ended it. */
  | { readonly kind: "hung" };

/** Resolves at the first answer or the end of the connection; `waits` is told when it takes longer than `patienceMs`. */
export function attackOnce(
  { host, port }: Pick<Target, "host" | "port">,
  text: string,
  { patienceMs, hangMs, waits }: { patienceMs: number; hangMs: number; waits: () => void },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    let head = "";
    const settle = (outcome: Outcome) => {
      clearTimeout(patience);
      clearTimeout(hang);
      // A reset leaves no port behind in TIME_WAIT.
      socket.resetAndDestroy();
      resolve(outcome);
    };
    const patience = setTimeout(waits, patienceMs);
    const hang = setTimeout(() => settle({ kind: "hung" }), hangMs);
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(text, "latin1"));
    socket.on("data", (chunk: string) => {
      // An interim answer is none.
      head = (head + chunk).replace(/^HTTP\/1\.1 1\d\d[\s\S]*?\r\n\r\n/, "");
      const status = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/.exec(head)?.[1];
      if (status !== undefined) settle({ kind: "answered", status: Number(status) });
    });
    // What the gateway cut off may end as a reset: that is an answer as well.
    socket.on("error", () => settle({ kind: "closed" }));
    socket.on("close", () => settle({ kind: "closed" }));
  });
}
