/** The Node SDK against the whole of Endcap, held to the same contract as its in-memory fake. */
import { Endcap } from "@endcap/sdk-node";
import { afterAll, describe } from "vitest";
import { startStack } from "../../src/stack/stack.ts";
import { clientContract } from "./suite.ts";

describe("the real server keeps the contract", () => {
  const ending: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const work of ending.reverse()) await work();
  });

  clientContract(async () => {
    const stack = await startStack({ cleanup: (work) => ending.push(work) });
    const { secretKey, secret } = await stack.createTenant("contract");
    const endpoint = stack.ready.gatewayUrl;
    return (options) => new Endcap({ endpoint, key: secretKey, secret, ...options });
  });
});
