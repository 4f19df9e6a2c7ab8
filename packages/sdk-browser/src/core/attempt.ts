/** The result of `run`, or `undefined` when it throws: for browser features that a setting or a policy may refuse. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
