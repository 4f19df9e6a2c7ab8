import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parseArgs } from "node:util";
import type { Static, TObject } from "typebox";
import type { TLocalizedValidationError } from "typebox/error";
import { Value } from "typebox/value";
import { annotation, type ConfigSpec, envName, envPrefix } from "./define.ts";
import { fromText } from "./from-text.ts";

export type ConfigSource = "file" | "env" | "default" | "unset";

export interface LoadedConfig<S extends TObject = TObject> {
  readonly spec: ConfigSpec<S>;
  /** Deeply frozen. */
  readonly config: Readonly<Static<S>>;
  readonly sources: Readonly<Record<string, ConfigSource>>;
}

export interface ConfigFault {
  readonly key: string;
  /** The file and the line in it, the variable, or where else the value is from. */
  readonly where: string;
  readonly message: string;
}

/** Every fault of a configuration at once. The message never contains a configured value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "config_invalid";
  readonly faults: readonly ConfigFault[];

  constructor(service: string, faults: readonly ConfigFault[]) {
    const lines = faults.map((fault) => `  ${fault.key}: ${fault.message} (${fault.where})`);
    super(`${service}: the configuration has ${faults.length} fault(s)\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

export interface ConfigInput {
  /** Arguments after the script's name. `--config <file>` is read here. */
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A configuration file, `.json`, `.yaml` or `.yml`. Wins over `--config`. */
  readonly file?: string;
}

/**
 * File, then environment, then defaults: the environment wins over the file, both win over defaults.
 * @throws ConfigError with all faults: unknown keys of the file, unknown `ENDCAP_<SERVICE>_*` variables, wrong values.
 */
export async function loadConfig<S extends TObject>(
  spec: ConfigSpec<S>,
  input: ConfigInput = {},
): Promise<LoadedConfig<S>> {
  const faults: ConfigFault[] = [];
  const sources: Record<string, ConfigSource> = {};
  const values: Record<string, unknown> = {};
  const properties = spec.schema.properties;

  const file = input.file ?? configFileOf(spec.service, input.argv ?? []);
  const text = file === undefined ? undefined : await readText(file, faults);
  const inFile = async (path: readonly string[]) => `${file}${await placeOf(text ?? "", path)}`;
  if (file !== undefined && text !== undefined) {
    for (const [key, value] of Object.entries(await parsed(file, text, faults))) {
      if (Object.hasOwn(properties, key)) {
        values[key] = value;
        sources[key] = "file";
      } else {
        const known = Object.keys(properties).join(", ");
        faults.push({ key, where: await inFile([key]), message: `unknown key; allowed here: ${known}` });
      }
    }
  }

  const env = input.env ?? {};
  const known = new Map(Object.keys(properties).map((key) => [envName(spec.service, key), key]));
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(envPrefix(spec.service))) continue;
    const key = known.get(name);
    const schema = key === undefined ? undefined : properties[key];
    if (key === undefined || schema === undefined) {
      faults.push({ key: name, where: "environment", message: "unknown variable" });
      continue;
    }
    values[key] = fromText(schema, text);
    sources[key] = "env";
  }

  for (const [key, schema] of Object.entries(properties)) {
    if (key in values) continue;
    const fallback = annotation(schema, "default");
    sources[key] = fallback === undefined ? "unset" : "default";
    if (fallback !== undefined) values[key] = structuredClone(fallback);
  }

  for (const [key, schema] of Object.entries(properties)) {
    if (key in values) {
      for (const error of Value.Errors(schema, values[key])) {
        const where = {
          file: () => inFile([key, ...error.instancePath.split("/").slice(1)]),
          env: () => envName(spec.service, key),
          default: () => "default",
          unset: () => "nowhere set",
        }[sources[key] ?? "unset"];
        const name = key + error.instancePath.replaceAll("/", ".");
        faults.push({ key: name, where: await where(), message: ruleOf(error) });
      }
    } else if (spec.schema.required?.includes(key)) {
      const message = `required: set it in the file or as ${envName(spec.service, key)}`;
      faults.push({ key, where: "nowhere set", message });
    }
  }

  if (faults.length > 0 || !Value.Check(spec.schema, values)) throw new ConfigError(spec.service, faults);
  return Object.freeze({ spec, config: freezeDeep(values), sources: Object.freeze(sources) });
}

function configFileOf(service: string, argv: readonly string[]): string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: "string" }, "ready-fd": { type: "string" }, "print-config": { type: "boolean" } },
    });
    return values.config;
  } catch (error) {
    const message = error instanceof Error ? error.message : "unreadable arguments";
    throw new ConfigError(service, [{ key: "arguments", where: "command line", message }]);
  }
}

/** What would be right. It never quotes the value: values may be secrets. */
function ruleOf(error: TLocalizedValidationError): string {
  if (error.keyword === "enum") return `must be one of ${error.params.allowedValues.join(", ")}`;
  if (error.keyword === "pattern") return `must match ${String(error.params.pattern)}`;
  return error.message;
}

/** Loaded by who has such a file, or a fault in one: most are configured by their environment, and it is a megabyte of each. */
const yaml = () => import("yaml");

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  ".json": (text) => JSON.parse(text),
  ".yaml": async (text) => (await yaml()).parse(text),
  ".yml": async (text) => (await yaml()).parse(text),
};

async function readText(file: string, faults: ConfigFault[]): Promise<string | undefined> {
  if (parsers[extname(file)] === undefined) {
    faults.push({ key: "config", where: file, message: "the file's name must end in .json, .yaml or .yml" });
    return undefined;
  }
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    faults.push({ key: "config", where: file, message: missing ? "no such file" : "the file cannot be read" });
    return undefined;
  }
}

async function parsed(file: string, text: string, faults: ConfigFault[]): Promise<object> {
  try {
    const content: unknown = await parsers[extname(file)]?.(text);
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
    faults.push({ key: "config", where: file, message: "the file must hold one object" });
  } catch (error) {
    // Parsers quote the text around a mistake, and that text may be a secret: the line alone is told.
    const [, line] = /\bline (\d+),? column \d+/.exec(String(error)) ?? [];
    const where = line === undefined ? file : `${file}:${line}`;
    faults.push({ key: "config", where, message: "the file cannot be parsed" });
  }
  return {};
}

/** `:<line>` of a value, or of what it lies in. JSON is YAML, so that one reader tells the lines of both. */
async function placeOf(text: string, path: readonly string[]): Promise<string> {
  const { isMap, isScalar, LineCounter, parseDocument } = await yaml();
  const lines = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter: lines }).contents;
  let place = "";
  for (const name of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
    if (!isScalar(pair?.key) || !pair.key.range) break;
    place = `:${lines.linePos(pair.key.range[0]).line}`;
    node = pair.value;
  }
  return place;
}

function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) freezeDeep(child);
  }
  return value;
}
