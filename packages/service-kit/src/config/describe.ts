import type { TObject } from "typebox";
import { annotation } from "./define.ts";
import type { ConfigSource, LoadedConfig } from "./load.ts";

export interface ConfigRow {
  readonly key: string;
  /** JSON, or `[redacted]` below a schema annotated `secret: true`. */
  readonly value: string;
  readonly source: ConfigSource;
  readonly description: string;
}

/** The effective configuration, one row a key, secrets redacted. */
export function describeConfig<S extends TObject>(loaded: LoadedConfig<S>): ConfigRow[] {
  return Object.entries(loaded.spec.schema.properties).map(([key, schema]) => ({
    key,
    value: JSON.stringify(redact(schema, Reflect.get(loaded.config, key))) ?? "-",
    source: loaded.sources[key] ?? "unset",
    description: String(annotation(schema, "description")),
  }));
}

/** `describeConfig` as a table for people. */
export function formatConfig<S extends TObject>(loaded: LoadedConfig<S>): string {
  const rows = describeConfig(loaded);
  const width = (of: (row: ConfigRow) => string) => Math.max(...rows.map((row) => of(row).length));
  const [keys, values, sources] = [width((r) => r.key), width((r) => r.value), width((r) => r.source)];
  return rows
    .map((r) => `${r.key.padEnd(keys)}  ${r.value.padEnd(values)}  ${r.source.padEnd(sources)}  ${r.description}`)
    .join("\n");
}

const redacted = "[redacted]";

function redact(schema: unknown, value: unknown): unknown {
  if (typeof schema !== "object" || schema === null || value === undefined) return value;
  if (annotation(schema, "secret") === true) return redacted;
  if (Array.isArray(value)) return value.map((entry) => redact(annotation(schema, "items"), entry));
  if (typeof value === "object" && value !== null) {
    const properties = annotation(schema, "properties") ?? {};
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, redact(Reflect.get(Object(properties), key), child)]),
    );
  }
  return value;
}
