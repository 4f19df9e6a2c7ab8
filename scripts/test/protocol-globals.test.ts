import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "../checks/check.ts";

const globals =
  "window document navigator localStorage process Buffer require fetch crypto URL TextEncoder setTimeout console";

test("protocol's compiler settings know no global of Node or of the browser", () => {
  const config = ts.readConfigFile(join(root, "packages/protocol/tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(root, "packages/protocol"));
  const file = join(root, "packages/protocol/src/globals-under-test.ts");
  const names = globals.split(" ");
  const text = `export const seen = [${names.join(", ")}];`;

  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2024) : read(name, ...rest);
  const program = ts.createProgram([file], options, host);

  const unknown = program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map(({ start, length }) => text.slice(start, (start ?? 0) + (length ?? 0)));
  expect(unknown).toEqual(names);
});
