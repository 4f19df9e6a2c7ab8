import {
  EndcapError,
  ERRORS,
  type ErrorCode,
  isErrorCode,
  ProblemDetails,
  RecommendationAnswer,
} from "@endcap/protocol";
import { Compile } from "typebox/compile";

/** Why there is no list from the recommender. */
export type Failure =
  /** The tenant has no recommender, or none that this process knows. */
  | "absent"
  /** It failed too often just now and is left alone. */
  | "left_alone"
  /** As many calls to it are under way as it answers in time. */
  | "busy"
  | "unreachable"
  | "late"
  /** It hibernates; by being asked it wakes. */
  | "asleep"
  /** It answered with an error. */
  | "refused"
  /** It answered something that is no list. */
  | "garbled";

export type Outcome =
  /** `json`: the answer's own text, checked, to be handed on as it is. */
  | { readonly kind: "list"; readonly json: string }
  /** The caller's fault: handed on to the caller. */
  | { readonly kind: "fault"; readonly error: EndcapError }
  | { readonly kind: "failure"; readonly failure: Failure }
  /** The caller went away. */
  | { readonly kind: "abandoned" };

const answerCheck = Compile(RecommendationAnswer);
const problemCheck = Compile(ProblemDetails);

/** What only the recommender can tell the caller. Any other refusal of it is between it and us. */
const callersFaults: ReadonlySet<ErrorCode> = new Set([
  "filter_invalid",
  "filter_unknown_field",
  "items_required",
  "strategy_unknown",
]);

/** Reads a recommender's answer. */
export function readOutcome(status: number, text: string): Outcome {
  const parsed = parse(text);
  if (status === 200) {
    return answerCheck.Check(parsed) ? { kind: "list", json: text } : { kind: "failure", failure: "garbled" };
  }
  if (problemCheck.Check(parsed) && isErrorCode(parsed.code) && callersFaults.has(parsed.code)) {
    if (ERRORS[parsed.code].status === status) return { kind: "fault", error: faultOf(parsed, parsed.code) };
  }
  if (status === ERRORS.not_ready.status && problemCheck.Check(parsed) && parsed.code === "not_ready") {
    return { kind: "failure", failure: "asleep" };
  }
  return { kind: "failure", failure: "refused" };
}

function faultOf({ detail, errors }: ProblemDetails, code: ErrorCode): EndcapError {
  return new EndcapError(code, {
    ...(detail !== undefined && { detail }),
    ...(errors !== undefined && { errors }),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
