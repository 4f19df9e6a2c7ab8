export type { App, TypeBoxProvider } from "./app.ts";
export { type InternalAuthOptions, internalAuth } from "./auth/internal-auth.ts";
export { createInternalIssuer, type InternalIssuer, type InternalIssuerOptions } from "./auth/internal-issuer.ts";
export type { InternalAudience } from "./auth/internal-token.ts";
export type { InternalClaims } from "./auth/internal-verifier.ts";
export { assertTenant, checkPrincipal, principalOf, readPrincipal } from "./auth/principal.ts";
export { type ConfigSpec, defineConfig, envName, serviceKeys } from "./config/define.ts";
export { type ConfigRow, describeConfig, formatConfig } from "./config/describe.ts";
export {
  ConfigError,
  type ConfigFault,
  type ConfigInput,
  type ConfigSource,
  type LoadedConfig,
  loadConfig,
} from "./config/load.ts";
export { type Deadline, type DeadlineOptions, deadlineIn, deadlineOf } from "./deadline.ts";
export { type BodySink, readBody } from "./http/body-request.ts";
export { clientGone } from "./http/client-gone.ts";
export { DurationHistogram, type DurationSeries } from "./http/duration-histogram.ts";
export { parseJson } from "./http/json.ts";
export { msText } from "./http/ms-text.ts";
export { endcapErrorOf, type ProblemResponse, problemResponse } from "./http/problems.ts";
export { requestIdHeader } from "./http/request-id.ts";
export { textResponseOf } from "./http/text-response.ts";
export { pointersOf } from "./http/validator.ts";
export {
  type Frame,
  FrameError,
  FrameReader,
  type PartFrame,
  partFrame,
  partHeadOf,
  readFrame,
  writeFrames,
} from "./parts/frames.ts";
export { type OpenPart, OpenRequest } from "./parts/open-request.ts";
export { type Part, type PartReply, type PartRouteOptions, partRoute } from "./parts/part-route.ts";
export {
  createService,
  type Service,
  type ServiceAddress,
  type ServiceConfig,
  type ServiceOptions,
} from "./service/create.ts";
export type { Check } from "./service/health.ts";
export { type Build, type IdleMessage, type ReadyMessage, type Runnable, runService } from "./service/run.ts";
export { stdoutLog } from "./service/stdout-log.ts";
export { createSnapshotClient, type SnapshotClient, type SnapshotClientOptions } from "./snapshot/client.ts";
export { createSealingHalf, openSealedText, type SealingHalf, sealText } from "./snapshot/sealing.ts";
export type { SnapshotDelta, SnapshotState } from "./snapshot/state.ts";
export { PackedTenants, type SnapshotTenants } from "./snapshot/tenants.ts";
export { writeFileAtomic } from "./write-file-atomic.ts";
