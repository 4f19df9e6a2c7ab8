/** A process that runs PostgreSQL on argv[2] and says so; the test kills it. */
import { launchPostgres } from "../../src/postgres/launch.ts";

const root = process.argv[2] ?? "";
const postgres = await launchPostgres({
  directory: `${root}/postgres`,
  logFile: `${root}/postgres.log`,
  cacheDirectory: `${root}/cache`,
});
process.send?.({ pid: postgres.pid, connection: postgres.connection });
setInterval(() => undefined, 60_000);
