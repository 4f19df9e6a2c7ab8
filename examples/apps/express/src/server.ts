/** A shop that tells Endcap from its server what shoppers do, and sends its pages with recommendations in them. */
import type { AddressInfo } from "node:net";
import { Endcap } from "@endcap/sdk-node";
import { RECOMMENDATIONS_STYLE_HASH, renderRecommendations } from "@endcap/sdk-node/render";
import express, { type Response } from "express";
import { catalogue } from "./catalogue.js";
import { shopper } from "./shopper.js";

const { ENDCAP_ENDPOINT = "", ENDCAP_KEY = "", ENDCAP_SECRET = "", PORT = "3000" } = process.env;

// snippet: client
const endcap = new Endcap({ endpoint: ENDCAP_ENDPOINT, key: ENDCAP_KEY, secret: ENDCAP_SECRET });
await endcap.items.upsert(catalogue);
// end

const app = express();
app.use(shopper);

/** A page with one row of recommendations; `body` is the shop's own markup. */
// snippet: render
async function sendPage(response: Response, body: string, placement: string, items: string[] = []): Promise<void> {
  const answer = await endcap.recommendations
    .get({ placement, items, shopper: response.locals.shopper }, { timeoutMsMax: 300 })
    // A page is sent with or without recommendations.
    .catch(() => undefined);
  const row = renderRecommendations(answer, { placement, items, locale: "en-IE", heading: "Picked for you" });
  response.set("content-security-policy", `default-src 'self'; style-src ${RECOMMENDATIONS_STYLE_HASH}`);
  response.send(`<!doctype html><html lang="en-IE"><meta charset="utf-8"><title>Shop</title>${body}${row}</html>`);
}
// end

app.get("/", (_request, response) => sendPage(response, "<h1>Shop</h1>", "home"));

// snippet: track
app.get("/p/:id", async (request, response) => {
  const item = catalogue.find(({ id }) => id === request.params.id);
  if (!item) {
    response.sendStatus(404);
    return;
  }
  endcap.track("view_item", { ...response.locals.shopper, items: [item.id] });
  await sendPage(response, `<h1>${item.title}</h1><p>${item.price} ${item.currency}</p>`, "product", [item.id]);
});
// end

const server = app.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

// snippet: close
// npm passes a signal on that the whole group has already: it may come twice.
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  // What was tracked leaves before the process does.
  endcap.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
// end
