import type { App, InternalIssuer } from "@endcap/service-kit";
import type { Models, Tables } from "@endcap/storage";
import { guardWithAdminToken } from "./auth.ts";
import type { AdminContext } from "./context.ts";
import { eventRoutes } from "./events.ts";
import { keyRoutes } from "./keys.ts";
import { lookRoutes } from "./look.ts";
import { modelRoutes } from "./models.ts";
import { placementRoutes } from "./placements.ts";
import { reportRoutes } from "./reports.ts";
import { sessionRoutes } from "./sessions.ts";
import { type ControlFacts, statusRoutes } from "./status.ts";
import { tenantRoutes } from "./tenants.ts";
import { trainingRoutes } from "./training.ts";
import { usageRoutes } from "./usage.ts";

export interface AdminOptions {
  readonly token: string;
  readonly context: AdminContext;
  readonly facts: ControlFacts;
  readonly issuer: InternalIssuer;
  readonly tables: Tables;
  readonly models: Models;
}

/** The admin API, behind the admin token. Register it in a scope of its own: the guard ends where that ends. */
export async function adminRoutes(
  app: App,
  { token, context, facts, issuer, tables, models }: AdminOptions,
): Promise<void> {
  guardWithAdminToken(app, token);
  statusRoutes(app, context, facts);
  tenantRoutes(app, context);
  keyRoutes(app, context);
  placementRoutes(app, context);
  sessionRoutes(app, context);
  trainingRoutes(app, context);
  lookRoutes(app, context, issuer);
  eventRoutes(app, context, issuer);
  modelRoutes(app, context, models);
  reportRoutes(app, context, tables);
  usageRoutes(app, context);
}
