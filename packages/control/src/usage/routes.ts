import { UsageAnswer, UsageReport } from "@endcap/protocol";
import { type App, internalAuth } from "@endcap/service-kit";
import type { UsageIntake } from "./intake.ts";

export interface UsageRoutesOptions {
  readonly jwksFile: string;
  readonly intake: UsageIntake;
}

/** A thousand records with room to spare. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** `POST /internal/v1/usage`: a gateway's records come in, the month's totals go out. */
export async function usageRoutes(app: App, { jwksFile, intake }: UsageRoutesOptions): Promise<void> {
  await app.register(internalAuth, { audience: "control", jwksFile });
  app.post(
    "/internal/v1/usage",
    {
      config: { principal: "none", quiet: true },
      bodyLimit: BODY_BYTES_MAX,
      schema: { body: UsageReport, response: { 200: UsageAnswer } },
    },
    async (request) => intake.take(request.body, request.internal?.group ?? ""),
  );
}
