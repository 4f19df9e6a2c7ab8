import { writeFileSync } from "node:fs";
import { dataDirPaths } from "../../src/data-dir.ts";
import type { TestControl } from "./control.ts";

/** Leaves what `endcap up` leaves, so that the CLI finds a control that a test started alone. */
export function showToCli(dataDir: string, control: TestControl): void {
  const file = { url: control.url, gatewayUrl: control.url, pid: process.pid, version: "test" };
  writeFileSync(dataDirPaths(dataDir).adminFile, JSON.stringify(file));
}
