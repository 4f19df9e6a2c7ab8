import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../checks/check.ts";
import { goModule } from "../checks/go-tools.ts";

const kubernetes = { module: "k8s.io/kubernetes", version: "v1.36.1" };
const operator = { module: "github.com/prometheus-operator/prometheus-operator", version: "v0.88.0" };
const operatorKinds = ["servicemonitors"];

interface Schema {
  [keyword: string]: unknown;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** How kubeconform finds the schema of a kind in the directory below. */
export const schemaFile = "{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json";

/**
 * A directory with one strict JSON schema for each kind of Kubernetes, and for the operator's kinds that charts use. From
 * the sources of both, by Go's module proxy: the host that kubeconform asks by itself is one more that must be in reach.
 */
export async function kubernetesSchemas(): Promise<string> {
  const dir = join(root, ".toolchain", `schemas-${kubernetes.version}-${operator.version}`);
  if (existsSync(dir)) return dir;
  const [apis, monitoring] = await Promise.all([
    goModule(kubernetes.module, kubernetes.version),
    goModule(operator.module, operator.version),
  ]);
  const made = `${dir}.${process.pid}`;
  mkdirSync(made, { recursive: true });
  try {
    writeApis(made, join(apis, "api/openapi-spec/swagger.json"));
    for (const name of operatorKinds) {
      writeCustom(made, join(monitoring, "example/prometheus-operator-crd", `monitoring.coreos.com_${name}.yaml`));
    }
    renameSync(made, dir);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return dir;
}

function write(dir: string, { group, version, kind }: Kind, schema: Schema): void {
  // kubeconform takes the version for the group of what has none.
  const file = `${group || version}_${version}_${kind.toLowerCase()}.json`;
  writeFileSync(join(dir, file), JSON.stringify(schema));
}

function writeApis(dir: string, file: string): void {
  const { definitions }: { definitions: Record<string, Schema> } = JSON.parse(readFileSync(file, "utf8"));
  const strictOnes = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(schema)]));
  // Numbers are quantities too, and these two are more than OpenAPI's types can say.
  strictOnes["io.k8s.apimachinery.pkg.api.resource.Quantity"] = { type: ["string", "number"] };
  strictOnes["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = { type: ["string", "integer"] };
  for (const [name, schema] of Object.entries(definitions)) {
    for (const kind of kindsOf(schema)) {
      write(dir, kind, { $ref: `#/definitions/${name}`, definitions: reachable(strictOnes, name) });
    }
  }
}

const kindsOf = (schema: Schema): Kind[] => {
  const kinds = schema["x-kubernetes-group-version-kind"];
  return Array.isArray(kinds) ? kinds : [];
};

/** What a definition refers to, itself included, at any depth. */
function reachable(definitions: Readonly<Record<string, Schema>>, start: string): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const waiting = [start];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = definitions[name];
    if (schema === undefined || Object.hasOwn(found, name)) continue;
    found[name] = schema;
    for (const [, next = ""] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) waiting.push(next);
  }
  return found;
}

interface CustomResource {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

function writeCustom(dir: string, file: string): void {
  const { spec }: CustomResource = parse(readFileSync(file, "utf8"));
  for (const { name, schema } of spec.versions) {
    write(dir, { group: spec.group, version: name, kind: spec.names.kind }, strict(schema.openAPIV3Schema));
  }
}

/** The API server drops members that it does not know; for a chart such a member is a typing error. */
function strict(schema: Schema): Schema {
  const copy: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "properties" || keyword === "definitions") copy[keyword] = each(value);
    else if (isSchema(value)) copy[keyword] = strict(value);
    else if (Array.isArray(value)) copy[keyword] = value.map((item: unknown) => (isSchema(item) ? strict(item) : item));
    // Kubernetes' own formats are names of its types, not of JSON Schema's.
    else if (keyword !== "format") copy[keyword] = value;
  }
  if ("properties" in copy && !("additionalProperties" in copy)) copy.additionalProperties = false;
  return copy;
}

function each(schemas: unknown): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(isSchema(schemas) ? schemas : {}).map(([name, schema]) => [
      name,
      isSchema(schema) ? strict(schema) : {},
    ]),
  );
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
