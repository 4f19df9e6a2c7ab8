import { EndcapError } from "@endcap/protocol";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";

const errorsMax = 20;

/**
 * Routes are checked by TypeBox's own compiled checks. Bodies are taken as they are: text never becomes a number there,
 * and nothing is dropped silently. Path and query are text by nature, so they are converted first.
 */
export const typeboxValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const convert = httpPart !== "body";
  return (input: unknown) => {
    const value = convert ? validator.Convert(input) : input;
    if (validator.Check(value)) return { value };
    return { error: new EndcapError("invalid_request", { errors: pointersOf(validator.Errors(value)) }) };
  };
};

/** Validation errors as the located faults of a problem document: where and which rule, never the value. */
export function pointersOf(errors: readonly TLocalizedValidationError[]): { pointer: string; code: string }[] {
  return errors.slice(0, errorsMax).flatMap((error) => {
    if (error.keyword === "required") {
      return error.params.requiredProperties.map((name) => ({
        pointer: `${error.instancePath}/${escapePointer(name)}`,
        code: "required",
      }));
    }
    return [{ pointer: error.instancePath, code: error.keyword }];
  });
}

function escapePointer(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
