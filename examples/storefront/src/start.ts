import { Endcap } from "@endcap/sdk-node";
import { Catalogue } from "./catalogue/catalogue.ts";
import { type Config, readConfig, UsageError, usage } from "./config.ts";
import { Admin, AdminError } from "./endcap/admin.ts";
import { ControlProcess, EndcapNotStarted } from "./endcap/control-process.ts";
import { ensureTenant, keyKnown } from "./endcap/tenant.ts";
import { seedCatalogue, seedHistory } from "./seed/seed.ts";
import { buildShop } from "./server/app.ts";
import type { ShopEndcap } from "./server/context.ts";
import { listen, PortInUse } from "./server/listen.ts";
import { StateFile } from "./state.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);

/** What must be undone at the end. */
const undo: (() => Promise<unknown>)[] = [];

/** Resolves when the shop is open and seeded, to a promise of Endcap ending by itself. */
async function start(config: Config, signal: AbortSignal): Promise<{ ended: Promise<unknown> }> {
  say("\nTarn & Thicket, a demo shop that uses Endcap as any shop would\n");
  const file = await StateFile.open(config.shopData);
  const catalogue = Catalogue.seeded(config.seed);

  // The shop opens first: it needs nothing of Endcap's to stand, and a taken port is found before anything is started.
  let endcap: ShopEndcap | undefined;
  const shop = await buildShop({
    catalogue,
    ordersPath: `${config.shopData}/orders.ndjson`,
    cookieSecret: file.state.cookieSecret,
    endcap: () => endcap,
  });
  undo.push(() => shop.close());
  const origin = await listen(shop, config.host, config.shopPort);

  say("  Starting   Endcap on this machine");
  const control = await ControlProcess.start(config, signal);
  undo.push(() => control.stop());

  const admin = new Admin(control.url, control.adminToken, signal);
  const { tenant, isNew } = await ensureTenant(admin, file.state.tenant, originsOf(origin));
  if (isNew) await file.update({ tenant });
  const client = new Endcap({ endpoint: control.gatewayUrl, key: tenant.secretKey, secret: tenant.secret });
  if (isNew) await keyKnown(client, signal);
  endcap = {
    endpoint: control.gatewayUrl,
    publishableKey: tenant.publishableKey,
    createUserToken: (userId) => client.createUserToken({ userId }),
  };

  await seed(config, file, admin, client, catalogue, origin, signal);
  say(`
  ${origin.padEnd(24)}  the shop: look at three things, go back home and see what it has learnt
  ${control.gatewayUrl.padEnd(24)}  the gateway: what the shop's tag and server talk to, and nothing else does
  ${control.consoleUrl.padEnd(24)}  the admin console: tenants, keys, models and processes

Ctrl-C stops everything and keeps it for next time.
`);
  return { ended: control.exited };
}

/** Only what an earlier start has not done already. */
async function seed(
  config: Config,
  file: StateFile,
  admin: Admin,
  client: Endcap,
  catalogue: Catalogue,
  origin: string,
  signal: AbortSignal,
): Promise<void> {
  const edition = `${origin} ${config.seed} ${catalogue.products.length}`;
  if (file.state.catalogue !== edition) {
    await seedCatalogue(client, catalogue, origin, new Date(), signal);
    await file.update({ catalogue: edition });
  }
  if (file.state.imported !== true) {
    const month = file.state.month ?? { ends: new Date().toISOString(), origin };
    if (file.state.month === undefined) await file.update({ month });
    const { seed, shoppers } = config;
    const history = { catalogue, origin: month.origin, monthEnds: new Date(month.ends), seed, shoppers };
    await seedHistory(client, history, signal);
    await file.update({ imported: true });
  }
  if (file.state.trained !== true && file.state.tenant !== undefined) {
    say("  Training   a model on all of it");
    const began = performance.now();
    await admin.train(file.state.tenant.id, () => undefined);
    await file.update({ trained: true });
    say(`  Trained    in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

/** A shop on a loopback address is reached by both of its names. */
function originsOf(origin: string): string[] {
  const { port, hostname } = new URL(origin);
  return hostname === "127.0.0.1" ? [origin, `http://localhost:${port}`] : [origin];
}

/** One sentence for what a user can mend; everything else is ours and shows its stack. */
function explain(error: unknown): string {
  const expected = [UsageError, PortInUse, EndcapNotStarted, AdminError].some((kind) => error instanceof kind);
  if (error instanceof Error) return expected ? error.message : (error.stack ?? error.message);
  return String(error);
}

async function main(): Promise<void> {
  const stopping = new AbortController();
  const signalled = new Promise<void>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => {
        if (stopping.signal.aborted) return;
        stopping.abort(new Error("stopped"));
        resolve();
      });
    }
  });
  try {
    const config = readConfig(process.argv.slice(2), process.env);
    if (config === "help") {
      say(usage());
      return;
    }
    const { ended } = await start(config, stopping.signal);
    await Promise.race([signalled, ended]);
    if (!stopping.signal.aborted)
      throw new EndcapNotStarted("Endcap ended by itself; the logs in its data directory say why.");
  } catch (error) {
    if (!stopping.signal.aborted) {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
    }
  }
  if (stopping.signal.aborted) say("\nStopping.");
  stopping.abort();
  await Promise.all(undo.map((step) => step()));
}

await main();
