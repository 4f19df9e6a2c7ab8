import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { type Document, isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { type StandaloneFault, standaloneError } from "./faults.ts";
import { StandaloneFile } from "./schema.ts";

export type Path = readonly (string | number)[];

export interface ParsedFile {
  readonly value: StandaloneFile;
  /** A fault of the value at a path, with the place in the text where it stands. */
  faultAt(path: Path, message: string): StandaloneFault;
}

const check = Compile(StandaloneFile);

/** YAML text as a checked value that still knows its lines. @throws EndcapError `config_invalid` with every fault */
export function parseStandalone(file: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faultAtOffset = (offset: number, message: string): StandaloneFault => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  };
  if (document.errors.length > 0) {
    throw standaloneError(
      file,
      document.errors.map(({ pos: [start], message }) => faultAtOffset(start, message)),
    );
  }
  const faultAt = (path: Path, message: string) => faultAtOffset(offsetOf(document, path), message);
  const value = plainValue(file, document);
  if (!check.Check(value)) throw standaloneError(file, schemaFaults(check.Errors(value), faultAt));
  return { value, faultAt };
}

function plainValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 });
  } catch {
    // A file whose aliases multiply without end.
    throw standaloneError(file, [{ line: 1, column: 1, message: "too many aliases" }]);
  }
}

/** Where the value at a path begins; of a member that is not there, where its owner begins. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const owner = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    if (isMap(owner)) {
      const pair = owner.items.find(({ key }) => isScalar(key) && key.value === name);
      if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
    if (Array.isArray(range)) return Number(range[0]);
  }
  return document.contents?.range?.[0] ?? 0;
}

/** One fault for each place, in words: the schema checker says several things about one wrong value. */
function schemaFaults(errors: TLocalizedValidationError[], faultAt: ParsedFile["faultAt"]): StandaloneFault[] {
  const places = new Map<string, TLocalizedValidationError[]>();
  for (const error of errors) {
    const known = places.get(error.instancePath);
    if (known === undefined) places.set(error.instancePath, [error]);
    else known.push(error);
  }
  const faults: StandaloneFault[] = [];
  for (const [pointer, told] of places) {
    const path = pathOf(pointer);
    const name = path.length === 0 ? "the file" : path.join(".");
    if (told.some(({ keyword }) => keyword === "boolean")) {
      faults.push(faultAt(path, `unknown key ${String(path.at(-1))}; allowed here: ${namesAt(path.slice(0, -1))}`));
      continue;
    }
    const required = told.find((error) => error.keyword === "required");
    if (required !== undefined) faults.push(faultAt(path, `${name}: ${missing(required)}`));
    const rest = told.filter(({ keyword }) => keyword !== "required" && keyword !== "additionalProperties");
    if (rest.length > 0) faults.push(faultAt(path, `${name}: ${rule(path, rest)}`));
  }
  return faults;
}

function missing(error: TLocalizedValidationError): string {
  const names = error.keyword === "required" ? error.params.requiredProperties : [];
  return `${names.join(", ")} missing`;
}

function rule(path: Path, told: readonly TLocalizedValidationError[]): string {
  const allowed = told.flatMap((error) => {
    if (error.keyword === "const") return [error.params.allowedValue];
    return error.keyword === "enum" ? error.params.allowedValues : [];
  });
  if (allowed.length > 0) return `must be one of ${allowed.map(String).join(", ")}`;
  const described = Reflect.get(Object(schemaAt(path)), "description");
  if (typeof described === "string") return `must be ${described}`;
  return told[0]?.message ?? "does not fit";
}

/** The keys that the schema knows below a path. */
function namesAt(path: Path): string {
  const schema = Object(schemaAt(path));
  const arms: unknown[] = Array.isArray(schema.anyOf) ? schema.anyOf : [schema];
  return arms.flatMap((arm) => Object.keys(Object(Reflect.get(Object(arm), "properties")))).join(", ") || "none";
}

function schemaAt(path: Path): unknown {
  let schema: unknown = StandaloneFile;
  for (const step of path) {
    const owner = Object(schema);
    schema = typeof step === "number" ? Reflect.get(owner, "items") : Reflect.get(Object(owner.properties), step);
  }
  return schema;
}

function pathOf(pointer: string): (string | number)[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
