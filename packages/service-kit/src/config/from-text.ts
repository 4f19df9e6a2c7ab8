import { annotation } from "./define.ts";

/**
 * What an environment variable means for a schema. Text that does not fit is handed on as it is, so that the schema
 * check reports it like any other wrong value.
 */
export function fromText(schema: object, text: string): unknown {
  switch (annotation(schema, "type")) {
    case "string":
      return text;
    case "integer":
    case "number":
      return text.trim() === "" ? text : (numberOf(text) ?? text);
    case "boolean":
      return { true: true, false: false, "1": true, "0": false }[text] ?? text;
    case "array":
      return text.trimStart().startsWith("[") ? jsonOr(text) : text.split(",").map((part) => part.trim());
    case "object":
      return jsonOr(text);
    default:
      return text;
  }
}

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
