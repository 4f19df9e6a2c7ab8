import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { gatewayFaults } from "../charts/gateway.ts";
import { kubernetesSchemas, schemaFile } from "../charts/kubernetes-schemas.ts";
import { podFaults, type Rendered } from "../charts/rendered.ts";
import { type Check, CheckFailure, execute, reportFindings, root } from "./check.ts";
import { tool } from "./go-tools.ts";
import { find } from "./workspace.ts";

interface Tools {
  readonly helm: string;
  readonly kubeconform: string;
  readonly schemas: string;
}

/**
 * Each chart with each of its `ci/*.yaml`: linted, rendered, every document held against the schema of its kind, pods
 * against the restricted standard, and the gateway's files against the gateway. Each `ci/refused/*.yaml` must be refused
 * with the words of its first line. A template that no values file renders is a finding.
 */
export const charts: Check = {
  name: "charts",
  async run() {
    const [helm, kubeconform, schemas] = await Promise.all([tool("helm"), tool("kubeconform"), kubernetesSchemas()]);
    const dirs = find("deploy/charts/*/Chart.yaml").map(dirname);
    let documents = 0;
    for (const dir of dirs) documents += await checkChart(dir, { helm, kubeconform, schemas });
    return `${dirs.length} charts, ${documents} documents`;
  },
};

async function checkChart(dir: string, tools: Tools): Promise<number> {
  const rendered = new Set<string>();
  let count = 0;
  for (const values of find(`${dir}/ci/*.yaml`)) {
    await execute(tools.helm, ["lint", "--strict", dir, "--values", values]);
    const text = await execute(tools.helm, ["template", "edge", dir, "--namespace", "shops", "--values", values]);
    for (const [, source = ""] of text.matchAll(/^# Source: [^/]+\/(.+)$/gm)) rendered.add(source);
    const documents = parseAllDocuments(text).map((document): Rendered => document.toJS());
    const faults = documents.flatMap(podFaults);
    if (basename(dir) === "endcap-gateway") faults.push(...(await gatewayFaults(documents)));
    reportFindings(faults.map((fault) => `${values}: ${fault}`));
    await conform(tools, values, text);
    count += documents.length;
  }
  for (const values of find(`${dir}/ci/refused/*.yaml`)) await checkRefused(dir, values, tools);
  const templates = find(`${dir}/templates/*.yaml`).map((file) => file.slice(dir.length + 1));
  reportFindings(templates.filter((file) => !rendered.has(file)).map((file) => `${dir}/${file}: never rendered`));
  return count;
}

async function conform({ kubeconform, schemas }: Tools, values: string, text: string): Promise<void> {
  try {
    await execute(kubeconform, ["-strict", "-schema-location", join(schemas, schemaFile)], root, {}, text);
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new CheckFailure(`${values}: ${error.message}`);
  }
}

async function checkRefused(dir: string, values: string, { helm }: Tools): Promise<void> {
  const [first = ""] = readFileSync(join(root, values), "utf8").split("\n");
  const words = first.replace(/^# /, "");
  const told = await execute(helm, ["template", "edge", dir, "--values", values]).then(
    () => "it was rendered",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (!told.includes(words)) throw new CheckFailure(`${values}: not refused with "${words}" but: ${told}`);
}
