/** String schemas shared by the wire's types. */
import Type from "typebox";

/** A shop's own id: 1 to 500 bytes of any script, no control characters. The byte bound is checked by `checkIdBytes`. */
export const ShopId = (title: string) =>
  Type.String({ title, minLength: 1, maxLength: 500, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$" });
/** RFC 3339 with a zone, milliseconds optional. */
export const Timestamp = Type.String({
  title: "Timestamp",
  description: "RFC 3339 with a zone",
  pattern: "^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$",
});
export const DecimalString = Type.String({ title: "DecimalString", pattern: "^\\d{1,12}(\\.\\d{1,6})?$" });
export const Currency = Type.String({ title: "Currency", description: "ISO 4217, upper case", pattern: "^[A-Z]{3}$" });
export const Uuid = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" });
export const Url = Type.String({
  title: "Url",
  description: "absolute http(s) URL or a path of the shop",
  minLength: 1,
  maxLength: 2048,
  pattern: "^(https?://|/)",
});
