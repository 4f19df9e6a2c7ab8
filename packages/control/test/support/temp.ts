import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of mode 0700 (as mkdtemp makes it) that goes with the test. */
export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "endcap-control-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
