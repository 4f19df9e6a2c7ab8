import { CheckFailure } from "../checks/check.ts";
import { eventually, type ProcessGroup, startGroup } from "./process-group.ts";

interface ServedApp extends ProcessGroup {
  /** As the application printed it, without a slash at its end. */
  readonly url: string;
}

const startMs = 60_000;

/** Runs `npm start` of an application until it says where it listens. */
export async function serveApp(cwd: string, args: readonly string[], env: Record<string, string>): Promise<ServedApp> {
  const group = startGroup("npm", ["start", "--silent", "--", ...args], cwd, env);
  const listening = () => /http:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(group.said())?.[0];
  const url = await Promise.race([eventually(listening, startMs), group.ended.then(() => undefined)]);
  if (url !== undefined) return { ...group, url };
  await group.stop();
  throw new CheckFailure(`${cwd} did not start to listen:\n${group.said()}`);
}
