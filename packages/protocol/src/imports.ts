/** Imports: history and catalogue in gzip NDJSON parts, each atomic and idempotent by (importId, n). */
import Type, { type Static } from "typebox";
import { Timestamp } from "./text.ts";

/** An import id: the shop's own name for it, safe in a path. */
export const ImportId = Type.String({ title: "ImportId", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$" });

export const ImportPartAnswer = Type.Object(
  {
    part: Type.Integer(),
    duplicate: Type.Boolean({ description: "The same bytes were stored before; nothing was written" }),
    events: Type.Integer(),
    items: Type.Integer(),
    deletes: Type.Integer(),
    rejected: Type.Integer({ description: "Lines refused in all" }),
    faults: Type.Array(
      Type.Object({
        line: Type.Integer({ description: "Counts from 1 in this part" }),
        code: Type.String(),
        pointer: Type.Optional(Type.String()),
      }),
      {
        maxItems: 1000,
        description: "The first 1,000 of them",
      },
    ),
    serverTime: Timestamp,
  },
  { title: "ImportPartAnswer" },
);
export type ImportPartAnswer = Static<typeof ImportPartAnswer>;

export const CompleteImportRequest = Type.Object(
  { parts: Type.Integer({ minimum: 1 }) },
  { title: "CompleteImportRequest", additionalProperties: false },
);
export type CompleteImportRequest = Static<typeof CompleteImportRequest>;

/** GET of an import: which parts are there, so that an importer goes on at the first missing one. */
export const ImportState = Type.Object(
  {
    importId: Type.String(),
    completed: Type.Boolean(),
    partsStored: Type.Integer(),
    firstMissingPart: Type.Integer({ description: "Counts from 1" }),
    events: Type.Integer(),
    items: Type.Integer(),
    deletes: Type.Integer(),
    rejected: Type.Integer(),
  },
  { title: "ImportState" },
);
export type ImportState = Static<typeof ImportState>;
