import { hash } from "node:crypto";
import {
  CompleteImportRequest,
  EndcapError,
  ImportId,
  ImportPartAnswer,
  ImportState,
  LIMITS,
  type Principal,
} from "@endcap/protocol";
import { type App, principalOf } from "@endcap/service-kit";
import type { ImportLog, ImportPart, Tables } from "@endcap/storage";
import Type from "typebox";
import type { EventCounts } from "../events/event-counts.ts";
import { expiresAt } from "../retention.ts";
import { hasScope } from "../scope.ts";
import { importState, missingParts } from "./import-state.ts";
import { PartReader } from "./part-reader.ts";
import { storePart } from "./store-part.ts";
import { Turns } from "./turns.ts";

export interface ImportRoutesOptions {
  readonly tables: Tables;
  readonly counts: EventCounts;
  readonly now: () => number;
}

/** One is on its way to the disk while the next is unpacked and judged. */
const partsAtOnceMax = 2;
const partsWaitingMax = 16;

const ImportParams = Type.Object({ importId: ImportId });
const PartParams = Type.Object({
  importId: ImportId,
  part: Type.Integer({ minimum: 1, maximum: LIMITS.importPartsMax }),
});

/** PUT /v1/imports/{importId}/parts/{n}, GET /v1/imports/{importId}, POST /v1/imports/{importId}/complete. */
export async function importRoutes(app: App, { tables, counts, now }: ImportRoutesOptions): Promise<void> {
  const turns = new Turns(partsAtOnceMax, partsWaitingMax);
  app.addContentTypeParser("application/gzip", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.put(
    "/v1/imports/:importId/parts/:part",
    { bodyLimit: LIMITS.importPartBytesMax, schema: { params: PartParams, response: { 200: ImportPartAnswer } } },
    async (request) => {
      const principal = principalOf(request);
      const rights = importRights(principal);
      if (!Buffer.isBuffer(request.body)) throw new EndcapError("content_type_unsupported");
      const { importId, part } = request.params;
      const gzip = request.body;
      return await turns.run(() => putPart(principal, rights, importId, part, gzip));
    },
  );

  async function putPart(
    { tenant, env, tier }: Principal,
    rights: ImportRights,
    importId: string,
    part: number,
    gzip: Buffer,
  ): Promise<ImportPartAnswer> {
    const digest = hash("sha256", gzip, "buffer");
    await using table = await tables.open({ tenant, env });
    const known = await knownPart(table.imports, importId, part, digest);
    if (known) return partAnswer(known, [], true, now());

    // One catalogue a tenant: a test import's items go where the live ones are.
    await using live = await tables.open({ tenant, env: "live" });
    const receivedAt = now();
    const reader = new PartReader({ ...rights, now: receivedAt });
    const receipt = await storePart(
      { importId, part, digest, gzip, receivedAt, expiresAt: expiresAt(tier, receivedAt) },
      reader,
      {
        events: table.events,
        catalogue: live.catalogue,
        onStored: (events) => counts.accept(tenant, env, events, "import"),
      },
    );
    for (const { code } of reader.faults) counts.reject(code);
    // Another process may have stored the same part meanwhile; its rows are these rows.
    const result = await table.imports.put(importId, receipt);
    if (result === "changed") throw new EndcapError("import_part_changed");
    return partAnswer(receipt, reader.faults, result === "duplicate", now());
  }

  app.get(
    "/v1/imports/:importId",
    { schema: { params: ImportParams, response: { 200: ImportState } } },
    async (request) => {
      const { tenant, env } = importPrincipal(principalOf(request));
      await using table = await tables.open({ tenant, env });
      const { importId } = request.params;
      const { parts, completedAt } = await table.imports.list(importId);
      if (parts.length === 0 && completedAt === undefined) throw new EndcapError("import_not_found");
      return importState(importId, parts, completedAt);
    },
  );

  app.post(
    "/v1/imports/:importId/complete",
    { schema: { params: ImportParams, body: CompleteImportRequest, response: { 200: ImportState } } },
    async (request) => {
      const { tenant, env } = importPrincipal(principalOf(request));
      await using table = await tables.open({ tenant, env });
      const { importId } = request.params;
      const { parts, completedAt } = await table.imports.list(importId);
      if (parts.length === 0 && completedAt === undefined) throw new EndcapError("import_not_found");
      const missing = missingParts(parts, request.body.parts);
      if (missing.length > 0) {
        throw new EndcapError("import_incomplete", { detail: `Missing parts: ${missing.join(", ")}` });
      }
      const at = completedAt ?? now();
      // Said twice it is done once: the first answer may have been lost on its way.
      if (completedAt === undefined) await table.imports.complete(importId, at);
      return importState(importId, parts, at);
    },
  );
}

interface ImportRights {
  readonly mayWriteEvents: boolean;
  readonly mayWriteItems: boolean;
}

/** A key with one of the two scopes may import its kind of lines; the others are refused line by line. */
function importRights(principal: Principal): ImportRights {
  const mayWriteEvents = hasScope(principal, "events:write");
  const mayWriteItems = hasScope(principal, "items:write");
  if (!mayWriteEvents && !mayWriteItems) {
    throw new EndcapError("scope_missing", { detail: "An import needs the scope events:write or items:write" });
  }
  return { mayWriteEvents, mayWriteItems };
}

function importPrincipal(principal: Principal): Principal {
  importRights(principal);
  return principal;
}

/** The receipt of the same bytes; `undefined` when the part is new. */
async function knownPart(imports: ImportLog, importId: string, part: number, digest: Buffer) {
  const receipt = await imports.get(importId, part);
  if (receipt !== undefined) {
    if (digest.equals(receipt.digest)) return receipt;
    throw new EndcapError("import_part_changed");
  }
  if ((await imports.list(importId)).completedAt !== undefined) throw new EndcapError("import_completed");
  return undefined;
}

function partAnswer(
  { part, events, items, deletes, rejected }: ImportPart,
  faults: ImportPartAnswer["faults"],
  duplicate: boolean,
  now: number,
): ImportPartAnswer {
  return { part, duplicate, events, items, deletes, rejected, faults, serverTime: new Date(now).toISOString() };
}
