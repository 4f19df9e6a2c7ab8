import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { decodeSecret } from "@endcap/protocol";
import type { SecretSource } from "./schema.ts";

export interface SecretReader {
  /** The 32 bytes behind a reference. @throws Error in words that name the reference and never its content. */
  read(source: SecretSource): Promise<{ readonly text: string; readonly bytes: Uint8Array<ArrayBuffer> }>;
  /** Files that were read, absolute: a change of one of them is a change of the configuration. */
  readonly files: ReadonlySet<string>;
}

/** Relative paths start where the configuration lies, as its author sees them. */
export function createSecretReader(file: string, env: NodeJS.ProcessEnv): SecretReader {
  const files = new Set<string>();

  async function textOf(source: SecretSource): Promise<string> {
    if ("env" in source) {
      const text = env[source.env];
      if (text === undefined || text === "") throw new Error(`the environment variable ${source.env} is not set`);
      return text;
    }
    const path = resolve(dirname(file), source.file);
    files.add(path);
    try {
      return (await readFile(path, "utf8")).trim();
    } catch (error) {
      throw new Error(`the file ${source.file} cannot be read`, { cause: error });
    }
  }

  return {
    files,
    async read(source) {
      const text = await textOf(source);
      const bytes = decodeSecret(text);
      if (bytes === null) {
        const name = "env" in source ? `the environment variable ${source.env}` : `the file ${source.file}`;
        throw new Error(`${name} must hold 32 bytes as base64url without padding (43 characters)`);
      }
      return { text, bytes };
    },
  };
}
