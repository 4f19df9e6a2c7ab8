import { readFileSync } from "node:fs";
import { EndcapError, isErrorCode, ProblemDetails } from "@endcap/protocol";
import Type, { type Static } from "typebox";
import { Value } from "typebox/value";
import { dataDirPaths } from "../data-dir.ts";
import type { GlobalOptions } from "./global-options.ts";

/** What a running `endcap up` leaves in `control/admin.json`. */
export const AdminFile = Type.Object({
  url: Type.String(),
  gatewayUrl: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
});
export type AdminFile = Static<typeof AdminFile>;

export interface AdminClient extends AdminFile {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /** Lines of an NDJSON answer, until it ends or the signal aborts. */
  lines(path: string, signal: AbortSignal): AsyncGenerator<string>;
}

/**
 * Talks to the control that runs on the data directory.
 * @throws EndcapError `not_running`, or the code that control answered
 */
export function connectAdmin(options: GlobalOptions): AdminClient {
  const paths = dataDirPaths(options.data);
  const running = readRunning(paths.adminFile);
  if (running === undefined) throw notRunning(paths.root);
  const authorization = `Bearer ${readFileSync(paths.adminToken, "utf8").trim()}`;

  async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const init: RequestInit = { method, headers: { authorization } };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { authorization, "content-type": "application/json" };
    }
    if (signal !== undefined) init.signal = signal;
    const answer = await fetch(new URL(path, running?.url), init).catch((cause: unknown) => {
      throw signal?.aborted === true ? cause : notRunning(paths.root, cause);
    });
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  async function value<T>(answer: Promise<Response>): Promise<T> {
    const response = await answer;
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  return {
    ...running,
    get: (path) => value(call("GET", path)),
    post: (path, body) => value(call("POST", path, body)),
    put: (path, body) => value(call("PUT", path, body)),
    patch: (path, body) => value(call("PATCH", path, body)),
    delete: (path) => value(call("DELETE", path)),
    async *lines(path, signal) {
      const answer = await call("GET", path, undefined, signal);
      let rest = "";
      for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
      }
    },
  };
}

/** The admin API's path of a tenant, by slug or id. */
export function tenantPath(name: string): string {
  return `/v1/tenants/${encodeURIComponent(name)}`;
}

/** The file of a control that was killed stays behind; whoever connects finds nobody there. */
export function readRunning(adminFile: string): AdminFile | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(adminFile, "utf8"));
    return Value.Check(AdminFile, content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function notRunning(dataDir: string, cause?: unknown): EndcapError {
  return new EndcapError("not_running", {
    detail: `Endcap is not running on ${dataDir}: start it with \`npm start\` or \`endcap up\`.`,
    cause,
  });
}

async function refusal(answer: Response): Promise<EndcapError> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (!Value.Check(ProblemDetails, body) || !isErrorCode(body.code)) {
    return new EndcapError("upstream_invalid", {
      detail: `Control answered ${answer.status} without a problem document.`,
    });
  }
  const where = body.errors?.map(({ pointer, code }) => `${pointer} ${code}`).join(", ");
  const detail = `${body.detail ?? body.title}${where ? ` (${where})` : ""}`;
  return new EndcapError(body.code, { detail: detail.endsWith(".") ? detail : `${detail}.` });
}
