import { type TObject, type TProperties, Type } from "typebox";

/**
 * One service's configuration: a flat TypeBox object whose every key has a `description`, usually a `default`, and
 * `secret: true` where its value must never be printed.
 */
export interface ConfigSpec<S extends TObject = TObject> {
  readonly service: string;
  readonly schema: S;
}

/** Declares a service's configuration. A key without a description is a programmer's fault and throws. */
export function defineConfig<S extends TObject>(spec: { service: string; schema: S }): ConfigSpec<S> {
  for (const [key, schema] of Object.entries(spec.schema.properties)) {
    if (typeof annotation(schema, "description") !== "string") {
      throw new TypeError(`config key ${spec.service}.${key} has no description`);
    }
  }
  return Object.freeze({ ...spec });
}

/** Reads one annotation (`description`, `default`, `secret`, `type`) of a schema. */
export function annotation(schema: object, name: string): unknown {
  return Reflect.get(schema, name);
}

/** `snapshotUrl` of service `gateway` is `ENDCAP_GATEWAY_SNAPSHOT_URL`. */
export function envName(service: string, key: string): string {
  return envPrefix(service) + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

export function envPrefix(service: string): string {
  return `ENDCAP_${service.replaceAll("-", "_").toUpperCase()}_`;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** The keys that every service has. Spread them into the service's own schema. */
export function serviceKeys(defaults: { port: number; adminPort: number }) {
  return {
    host: Type.String({ description: "address the traffic port binds to", default: "127.0.0.1", minLength: 1 }),
    port: Type.Integer({
      description: "traffic port, 0 picks a free one",
      default: defaults.port,
      minimum: 0,
      maximum: 65_535,
    }),
    adminHost: Type.String({ description: "address the admin port binds to", default: "127.0.0.1", minLength: 1 }),
    adminPort: Type.Integer({
      description: "port of /metrics, /healthz, /readyz and status, 0 picks a free one",
      default: defaults.adminPort,
      minimum: 0,
      maximum: 65_535,
    }),
    logLevel: Type.Enum([...logLevels], { description: "least severe level that is logged", default: "info" }),
    drainDelayMs: Type.Integer({
      description: "how long readiness answers 503 before the port closes, so that load balancers look away first",
      default: 0,
      minimum: 0,
      maximum: 120_000,
    }),
    drainMsMax: Type.Integer({
      description: "how long requests in flight may take to finish at shutdown, after that their connections are cut",
      default: 4_000,
      minimum: 0,
      maximum: 600_000,
    }),
  } satisfies TProperties;
}
