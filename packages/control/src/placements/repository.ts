import { compileFilter, EndcapError, type Placement } from "@endcap/protocol";
import type { Database } from "../postgres/database.ts";

export interface Placements {
  list(tenantId: string): Promise<Placement[]>;
  /** Throws `filter_invalid` and `filter_unknown_field`. */
  put(tenantId: string, placement: Placement): Promise<Placement>;
  /** Throws `placement_not_found`. */
  remove(tenantId: string, placementId: string): Promise<void>;
}

export function createPlacements(db: Database): Placements {
  return {
    async list(tenantId) {
      const { rows } = await db.query<{ placement: Placement }>(
        "SELECT placement FROM placements WHERE tenant_id = $1 ORDER BY id",
        [tenantId],
      );
      return rows.map((row) => row.placement);
    },
    async put(tenantId, placement) {
      if (placement.filter !== undefined) compileFilter(placement.filter); // throws what is wrong with it
      await db.query(
        `INSERT INTO placements (tenant_id, id, placement) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, id) DO UPDATE SET placement = excluded.placement, updated_at = now()`,
        [tenantId, placement.id, placement],
      );
      return placement;
    },
    async remove(tenantId, placementId) {
      const { rowCount } = await db.query("DELETE FROM placements WHERE tenant_id = $1 AND id = $2", [
        tenantId,
        placementId,
      ]);
      if (rowCount === 0) throw new EndcapError("placement_not_found");
    },
  };
}
