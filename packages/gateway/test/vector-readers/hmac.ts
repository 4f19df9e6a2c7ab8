import { isMacOf, MacKey } from "../../src/auth/mac.ts";
import type { VectorReader } from "./reader.ts";

interface File {
  readonly testGroups: readonly { readonly tests: readonly Vector[] }[];
}

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  /** Hex, all three. */
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

/** Wycheproof's `hmac_sha256_test.json`. A truncated tag is right there and wrong here: ours are whole. */
export const readHmac: VectorReader = async ({ bytes }) => {
  const { testGroups }: File = JSON.parse(bytes.toString());
  return testGroups
    .flatMap(({ tests }) => tests)
    .flatMap(({ tcId, comment, key, msg, tag, result }) => {
      const given = Buffer.from(tag, "hex");
      const expected = result !== "invalid" && given.length === 32;
      const judged = isMacOf(
        given.toString("base64url"),
        "base64url",
        new MacKey(Buffer.from(key, "hex")),
        Buffer.from(msg, "hex"),
      );
      return judged === expected ? [] : [`${tcId} ${comment}: judged ${judged}`];
    });
};
