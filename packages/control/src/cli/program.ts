import { Command } from "commander";
import { version } from "../version.ts";
import { addDoctor } from "./doctor.ts";
import { addEvents } from "./events.ts";
import { addImport } from "./import.ts";
import { addKeys } from "./keys.ts";
import { addModels } from "./models.ts";
import { addPlacements } from "./placements.ts";
import { addRecommend } from "./recommend.ts";
import { addReport } from "./report.ts";
import { addTenants } from "./tenants.ts";
import { addTrain } from "./train.ts";
import { addUp } from "./up.ts";
import { addUsage } from "./usage.ts";

/** The `endcap` command line: one file per command group. */
export function createProgram(): Command {
  const program = new Command("endcap")
    .description("Real-time product recommendations for many shops, on this machine or a fleet.")
    .version(version)
    .option("--data <dir>", "data directory (ENDCAP_DATA)", process.env.ENDCAP_DATA ?? "./.endcap/data")
    .option("--json", "one JSON value on stdout")
    .showHelpAfterError("Add --help to see the options.");
  addUp(program);
  addTenants(program);
  addKeys(program);
  addImport(program);
  addPlacements(program);
  addTrain(program);
  addModels(program);
  addRecommend(program);
  addReport(program);
  addUsage(program);
  addEvents(program);
  addDoctor(program);
  return program;
}
