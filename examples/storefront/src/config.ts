import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Config {
  host: string;
  shopPort: number;
  gatewayPort: number;
  controlPort: number;
  collectorPort: number;
  mlPort: number;
  /** Endcap's data directory. */
  endcapData: string;
  /** The shop's own: its keys, its orders, how far seeding came. */
  shopData: string;
  seed: number;
  shoppers: number;
}

export class UsageError extends Error {}

const options = {
  "shop-port": { env: "ENDCAP_SHOP_PORT", default: "7410", help: "port of the shop; 0 picks a free one" },
  "gateway-port": { env: "ENDCAP_GATEWAY_PORT", default: "7401", help: "port of the gateway" },
  "control-port": { env: "ENDCAP_CONTROL_PORT", default: "7400", help: "port of the admin API and console" },
  "collector-port": { env: "ENDCAP_COLLECTOR_PORT", default: "7402", help: "port of the collector" },
  "ml-port": { env: "ENDCAP_ML_PORT", default: "7403", help: "port of the ML API" },
  host: { env: "ENDCAP_HOST", default: "127.0.0.1", help: "address to listen on" },
  data: {
    env: "ENDCAP_DATA",
    default: join(root, ".endcap/data"),
    help: "Endcap's data directory; the shop's own is beside it",
  },
  seed: { env: "ENDCAP_SHOP_SEED", default: "1", help: "seed of catalogue and shoppers" },
  shoppers: { env: "ENDCAP_SHOP_SHOPPERS", default: "3000", help: "simulated shoppers" },
} as const;

type Name = keyof typeof options;

/** Flags first, then the environment, then the defaults. Throws UsageError with every fault in one message. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config | "help" {
  const flags = parse(argv);
  if (flags.help === true) return "help";
  const value = (name: Name) => flags[name]?.toString() ?? env[options[name].env] ?? options[name].default;
  const faults: string[] = [];
  const number = (name: Name, min: number, max: number) => {
    const given = Number(value(name));
    if (!Number.isInteger(given) || given < min || given > max) {
      faults.push(`--${name} (${options[name].env}) must be a whole number from ${min} to ${max}.`);
    }
    return given;
  };
  const port = (name: Name) => number(name, 0, 65_535);
  const endcapData = resolve(value("data"));
  const config: Config = {
    host: value("host"),
    shopPort: port("shop-port"),
    gatewayPort: port("gateway-port"),
    controlPort: port("control-port"),
    collectorPort: port("collector-port"),
    mlPort: port("ml-port"),
    endcapData,
    shopData: join(endcapData, "..", "storefront"),
    seed: number("seed", 0, 0xffff_ffff),
    shoppers: number("shoppers", 1, 100_000),
  };
  if (faults.length > 0) throw new UsageError(faults.join(" "));
  return config;
}

function parse(argv: readonly string[]): Record<string, string | boolean | undefined> {
  try {
    const names = Object.keys(options) as Name[];
    const strings = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    return parseArgs({ args: [...argv], options: { ...strings, help: { type: "boolean" } }, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function usage(): string {
  const rows = Object.entries(options).map(
    ([name, option]) => `  --${name.padEnd(15)} ${option.help} (${option.env}, ${option.default.replace(root, "")})`,
  );
  return `npm start -- [flags]\n\n${rows.join("\n")}`;
}
