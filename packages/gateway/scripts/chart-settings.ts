/**
 * Writes the gateway's settings into the schema of its chart's values, so that `helm install` refuses a setting that the
 * gateway would refuse, and one that is a secret: settings end in a ConfigMap. With `--check` it only compares, and exits 1 when they have parted.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gatewayConfig } from "../src/config.ts";

/** The chart decides these: they follow from its ports, mounts and other values, and workers are its replicas. */
const decidedByChart: ReadonlySet<string> = new Set([
  "host",
  "port",
  "workers",
  "adminHost",
  "adminPort",
  "nodeDir",
  "snapshotFile",
  "controlUrl",
  "snapshotPublicKeyFile",
  "drainDelayMs",
  "drainMsMax",
]);

const isSecret = (schema: object): boolean => Reflect.get(schema, "secret") === true;

const file = fileURLToPath(new URL("../../../deploy/charts/endcap-gateway/values.schema.json", import.meta.url));
const before = readFileSync(file, "utf8");
const schema: { properties: Record<string, unknown> } = JSON.parse(before);
schema.properties.settings = {
  type: "object",
  description: "settings of the gateway by their names in docs/gateway.md",
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(gatewayConfig.schema.properties).filter(
      ([key, schema]) => !decidedByChart.has(key) && !isSecret(schema),
    ),
  ),
};
const after = `${JSON.stringify(schema, null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(file, after);
} else if (JSON.stringify(JSON.parse(before)) !== JSON.stringify(JSON.parse(after))) {
  process.stderr.write("values.schema.json is not what the gateway's settings give: run this script without --check\n");
  process.exitCode = 1;
}
