import { afterAll, beforeAll } from "vitest";
import { tablesContracts } from "./contract/suite.ts";
import { alternatingAdapter, OtherProcess } from "./processes/alternating.ts";

let other: OtherProcess;
beforeAll(() => {
  other = new OtherProcess();
});
afterAll(() => other.stop());

// The address space of 128 KB has to grow in both processes, each time the other one has grown the file.
tablesContracts(alternatingAdapter("lmdb, two processes, tiny map", { mapBytes: 128 * 1024 }, () => other));
