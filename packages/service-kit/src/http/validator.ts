import { EndcapError } from "@endcap/protocol";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";

const errorsMax = 20;
/** Names of fields are the caller's, and as long as it likes. */
const pointerLengthMax = 200;

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
    const at = (name: string) => `${error.instancePath}/${escapePointer(name)}`.slice(0, pointerLengthMax);
    switch (error.keyword) {
      case "required":
        return error.params.requiredProperties.map((name) => ({ pointer: at(name), code: "required" }));
      case "additionalProperties":
        return error.params.additionalProperties.map((name) => ({ pointer: at(name), code: "additionalProperties" }));
      case "boolean":
        // The same unknown field a second time: its own schema is `false`.
        return [];
      default:
        return [{ pointer: error.instancePath.slice(0, pointerLengthMax), code: error.keyword }];
    }
  });
}

function escapePointer(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
