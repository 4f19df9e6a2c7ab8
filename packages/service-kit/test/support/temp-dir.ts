import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory that lives as long as the test. */
export function tempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), "endcap-service-kit-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
