import { execFile } from "node:child_process";
import { programOf } from "../provisioner/programs.ts";

/** Longer than endcap-train gives MLflow. */
const TELL_MS_MAX = 90_000;

/**
 * Lets MLflow know which model answers after a rollback, where trainings tell one. Nothing waits for it: what went wrong is
 * handed to `onWarning`.
 */
export function tellMlflowOfChampion(tenantId: string, version: string, onWarning: (warning: string) => void): void {
  if (!process.env.ENDCAP_TRAIN_MLFLOW_URL) return;
  const { script, execArgv } = programOf("recommender", "train");
  const args = [...execArgv, script, "--tenant", tenantId, "--tell-champion", version];
  execFile(process.execPath, args, { timeout: TELL_MS_MAX }, (error, _stdout, stderr) => {
    if (error) onWarning(stderr.trim() || error.message);
  });
}
