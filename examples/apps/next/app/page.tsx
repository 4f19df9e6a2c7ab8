// snippet: page
import { renderRecommendations } from "@endcap/sdk-node/render";
import { cookies } from "next/headers";
import { endcap } from "../lib/endcap";

/** A server component: the list stands in the page's first bytes, and the element adopts it. */
export default async function Home() {
  const visitor = (await cookies()).get("visitor")?.value;
  const answer = await endcap()
    .recommendations.get({ placement: "home", shopper: { ...(visitor && { userId: visitor }) } }, { timeoutMsMax: 300 })
    // A page is sent with or without recommendations.
    .catch(() => undefined);
  const html = renderRecommendations(answer, { placement: "home", locale: "en-IE", heading: "Picked for you" });
  return (
    <main>
      <h1>Shop</h1>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: every text in it is escaped by renderRecommendations */}
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </main>
  );
}
// end
