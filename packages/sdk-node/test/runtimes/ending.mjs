// How a process with events in its queue ends. Its timers are an hour long: one that held the process would be noticed.
import process from "node:process";
import { Endcap } from "@endcap/sdk-node";

const { endpoint, key, secret, ends } = JSON.parse(process.env.ENDCAP_FIXTURE);
const endcap = new Endcap({ endpoint, key, secret, batching: { ageMsMax: 3_600_000 } });
endcap.track("view_item", { userId: "u-1", items: [ends] });
switch (ends) {
  case "without a flush":
    break;
  case "after a flush":
    if ((await endcap.flush()).accepted !== 1) throw new Error("the event was not accepted");
    break;
  case "after a flush that failed": {
    const failure = await endcap.flush({ retries: 0, timeoutMsMax: 5_000 }).catch((error) => error);
    if (failure.pending !== 1) throw new Error("the event does not wait for another flush");
    break;
  }
  default:
    throw new Error(`unknown ending: ${ends}`);
}
