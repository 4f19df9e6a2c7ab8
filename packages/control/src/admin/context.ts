import type { Keys } from "../keys/repository.ts";
import type { Placements } from "../placements/repository.ts";
import type { Database } from "../postgres/database.ts";
import type { Fleet } from "../provisioner/fleet.ts";
import type { Tenants } from "../tenants/repository.ts";
import type { Jobs } from "../training/repository.ts";
import type { Trainer } from "../training/trainer.ts";

/** What the admin routes stand on. */
export interface AdminContext {
  readonly db: Database;
  readonly tenants: Tenants;
  readonly keys: Keys;
  readonly placements: Placements;
  readonly jobs: Jobs;
  readonly trainer: Trainer;
  readonly fleet: Fleet;
  readonly now: () => number;
}
