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
  async stop() {
    // Nothing of ours runs.
  },
};
