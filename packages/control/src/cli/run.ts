import { EndcapError, ERRORS } from "@endcap/protocol";
import { EndcapApiError, EndcapConnectionError, EndcapTimeoutError } from "@endcap/sdk-node";
import { ConfigError } from "@endcap/service-kit";
import { type Command, CommanderError } from "commander";
import { paint } from "./output.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Runs one command line to its exit code. A failure is one sentence on stderr, and with `--json` also
 * `{"error": {"code", "message"}}` on stdout.
 */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  for (const command of allCommands(program)) {
    command.exitOverride();
    if (json) command.configureOutput({ writeErr: () => undefined });
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help, --version
    const { code, message } = faultOf(error);
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    if (!(error instanceof CommanderError)) {
      process.stderr.write(`${paint("red", code, process.stderr)} ${message}\n`);
      if (code === "internal" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    }
    return code === "usage" ? EXIT_USAGE : EXIT_FAILED;
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function faultOf(error: unknown): { code: string; message: string } {
  if (error instanceof CommanderError) return { code: "usage", message: error.message.replace(/^error: /, "") };
  if (error instanceof EndcapError) return { code: error.code, message: error.detail ?? error.message };
  if (error instanceof ConfigError) return { code: error.code, message: error.message };
  if (error instanceof EndcapApiError) return { code: error.code, message: error.message };
  if (error instanceof EndcapConnectionError || error instanceof EndcapTimeoutError) {
    return { code: "upstream_unavailable", message: error.message };
  }
  return { code: "internal", message: error instanceof Error ? error.message : ERRORS.internal.title };
}
