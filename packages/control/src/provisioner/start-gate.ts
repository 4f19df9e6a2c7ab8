/** Lets few processes start at once: each start takes a core for a moment, and a crowd would make all of them late. */
export interface StartGate {
  /** Resolves, in the order of asking, when there is room; call the answer when the start is over. */
  enter(): Promise<() => void>;
}

export function createStartGate(places: number): StartGate {
  const waiting: (() => void)[] = [];
  let free = places;

  function leaver(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    };
  }

  return {
    async enter() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return leaver();
    },
  };
}
