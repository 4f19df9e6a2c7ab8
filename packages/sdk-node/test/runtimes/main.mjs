// For runtimes with a process: Node, Bun, Deno.
import process from "node:process";
import * as sdk from "@endcap/sdk-node";
import { scenario } from "./scenario.mjs";

await scenario(sdk, JSON.parse(process.env.ENDCAP_FIXTURE));
// A timer that was left behind would keep the process alive; it must end by itself.
