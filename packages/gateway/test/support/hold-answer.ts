import { onTestFinished } from "vitest";
import type { Answer, Upstream } from "./upstream.ts";

/** From now on the upstream's answer waits until it is released, or the test has ended. */
export function holdAnswer(upstream: Upstream, answer: Answer): { readonly arrived: Promise<void>; release(): void } {
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  onTestFinished(() => release());
  upstream.answer = async () => {
    arrive();
    await gate;
    return answer;
  };
  return { arrived, release };
}
