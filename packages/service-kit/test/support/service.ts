import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { createService, type Service, type ServiceConfig, type ServiceOptions } from "../../src/index.ts";

export const config: ServiceConfig = {
  host: "127.0.0.1",
  port: 0,
  adminHost: "127.0.0.1",
  adminPort: 0,
  logLevel: "info",
  drainDelayMs: 0,
  drainMsMax: 1_000,
};

export interface LogRecord {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A logger that keeps what it would have printed. */
export function recordingLog(): { log: Logger; records: LogRecord[] } {
  const records: LogRecord[] = [];
  const log = pino({ base: undefined }, { write: (line: string) => records.push(JSON.parse(line)) });
  return { log, records };
}

/** A service that is closed when the test is over. */
export function testService(options: Partial<ServiceOptions> = {}): { service: Service; records: LogRecord[] } {
  const { log, records } = recordingLog();
  const service = createService({ name: "demo", config, log, ...options });
  onTestFinished(() => service.close());
  return { service, records };
}
