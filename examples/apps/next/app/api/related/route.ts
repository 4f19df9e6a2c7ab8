// snippet: edge
import { endcap } from "../../../lib/endcap";

/** The same client where there is no Node. */
export const runtime = "edge";

export async function GET(request: Request): Promise<Response> {
  const item = new URL(request.url).searchParams.get("item");
  if (!item) return new Response(null, { status: 400 });
  const { items } = await endcap().recommendations.get({
    strategy: "related_items",
    items: [item],
    shopper: {},
    limit: 4,
  });
  return Response.json(items);
}
// end
