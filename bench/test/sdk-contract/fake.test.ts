import { FakeEndcap } from "@endcap/sdk-node/testing";
import { describe } from "vitest";
import { clientContract } from "./suite.ts";

describe("the fake keeps the contract", () => {
  const fake = new FakeEndcap();
  clientContract(async () => (options) => fake.client(options));
});
