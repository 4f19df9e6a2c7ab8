import { send } from "../support/edge.ts";
import type { VectorReader } from "./reader.ts";

const brace = 0x7b;

/**
 * JSONTestSuite, by its file names: `n_` must be refused, `y_` must not be called invalid JSON where it is an object (all
 * else is refused as no request of ours), `i_` is the parser's own choice. None may be our fault.
 */
export const readJson: VectorReader = async ({ name, bytes }, edge) => {
  const [, expected] = /^([yni])_/.exec(name) ?? [];
  if (expected === undefined) return ["a name must begin with y_, n_ or i_"];
  const headers = { "content-type": "application/json", origin: "https://shop.example" };
  const { status, body } = await send(`${edge.url}/v1/sessions`, { method: "POST", headers, body: bytes });
  if (status >= 500) return [`answered ${status}`];
  if (expected === "n" && status < 400) return [`accepted with ${status}`];
  const isObject = bytes[0] === brace;
  // Past its bound a body is not even read.
  if (expected === "n" && isObject && status !== 413 && body.code !== "invalid_json") return [`read as ${body.code}`];
  if (expected === "y" && isObject && body.code === "invalid_json") return ["called invalid JSON"];
  return [];
};
