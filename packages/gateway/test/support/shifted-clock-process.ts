/**
 * Preloaded into a service: its wall clock runs ahead by the milliseconds that stand in a file, read anew at each SIGUSR2.
 * A real clock cannot be set for one process, and nobody's else should be.
 */
import { readFileSync } from "node:fs";

const file = process.env.SHIFTED_CLOCK_FILE ?? "";
const now = Date.now;
let offsetMs = 0;
Date.now = () => now() + offsetMs;
process.on("SIGUSR2", () => {
  offsetMs = Number(readFileSync(file, "utf8"));
});
