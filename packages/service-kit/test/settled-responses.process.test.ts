import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const script = join(import.meta.dirname, "support", "shapes-process.ts");

it("responses stay structs, also where collections come between the first ones", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--allow-natives-syntax",
    script,
    "20",
  ]);
  expect(stdout).toBe("s".repeat(20));
});
