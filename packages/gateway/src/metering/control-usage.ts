import { EndcapError, UsageAnswer, type UsageReport } from "@endcap/protocol";
import type { InternalIssuer } from "@endcap/service-kit";
import { Compile } from "typebox/compile";
import { request } from "undici";

const answerCheck = Compile(UsageAnswer);
const answerMsMax = 10_000;

/**
 * Sends a report to control.
 * @param records its records as members of a JSON array, which is how they were written to disk
 * @throws when control does not answer, or not as it should
 */
export type SendUsage = (report: Omit<UsageReport, "records">, records: string) => Promise<UsageAnswer>;

export function usageToControl(controlUrl: string, issuer: InternalIssuer): SendUsage {
  return async (report, records) => {
    const { statusCode, body } = await request(new URL("/internal/v1/usage", controlUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${await issuer.token()}`, "content-type": "application/json" },
      body: `${JSON.stringify(report).slice(0, -1)},"records":[${records}]}`,
      headersTimeout: answerMsMax,
      bodyTimeout: answerMsMax,
    });
    const text = await body.text();
    if (statusCode !== 200) {
      throw new EndcapError("upstream_unavailable", { internal: `control answered a usage report with ${statusCode}` });
    }
    const answer: unknown = JSON.parse(text);
    if (!answerCheck.Check(answer)) {
      throw new EndcapError("upstream_invalid", { internal: "control's answer to a usage report is not one" });
    }
    return answer;
  };
}
