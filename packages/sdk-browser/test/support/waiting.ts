/** Whoever waits for something that requests bring about. */
export interface Waiting {
  /** Resolves when `holds` does, asked now and at each `check`. */
  until(holds: () => boolean): Promise<void>;
  check(): void;
}

export function newWaiting(): Waiting {
  const checks = new Set<() => void>();
  return {
    until: (holds) =>
      new Promise((resolve) => {
        const check = () => {
          if (!holds()) return;
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        check();
      }),
    check() {
      for (const check of checks) check();
    },
  };
}
