/** Stands inside a read transaction until it is killed: `holding`. */
import { writeSync } from "node:fs";
import { LmdbEnvironment } from "../../src/lmdb/environment.ts";

const [path = ""] = process.argv.slice(2);
const env = new LmdbEnvironment(path);
const rows = env.range(["I#", ""], ["I$", ""])[Symbol.iterator]();
rows.next();
writeSync(1, "holding\n");
// The iterator keeps its transaction; the timer keeps the process.
setInterval(() => rows, 60_000);
