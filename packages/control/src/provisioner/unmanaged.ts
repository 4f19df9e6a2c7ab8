import { EndcapError } from "@endcap/protocol";
import type { Provisioner } from "./provisioner.ts";

/** For `provisioner: none`: somebody else runs the processes, so there is nothing to compare and nothing to stop. */
export const unmanaged: Provisioner = {
  processes: [],
  async reconcile() {
    // Nothing of ours runs.
  },
  async ready() {
    // Whoever runs it knows.
  },
  async wake(name) {
    throw new EndcapError("not_ready", { internal: `somebody else runs ${name}` });
  },
  async stop() {
    // Nothing of ours runs.
  },
};
