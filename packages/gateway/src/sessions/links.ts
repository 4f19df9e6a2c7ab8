import type { LinkRequest, Principal } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { PrincipalText } from "../auth/caller.ts";
import { callUpstream } from "../forward/call-upstream.ts";
import type { InternalTokens } from "../forward/internal-tokens.ts";
import { refusalOfBytes } from "../forward/refusal.ts";
import { upstreamHeaders } from "../forward/request-headers.ts";
import type { Upstreams } from "../forward/upstreams.ts";
import type { TenantContext } from "../tenants/tenant-context.ts";

export interface Links {
  /**
   * Tells the tenant's collector that a session proved both ids. Resolves when the link is durable, so that a sign-in
   * which was answered is never forgotten. Rejects with EndcapError `upstream_*`.
   */
  write(tenant: TenantContext, principal: Principal, link: LinkRequest, requestId: string): Promise<void>;
}

const rememberedMax = 20_000;
const answerBytesMax = 64 * 1024;

export function createLinks(upstreams: Upstreams, tokens: InternalTokens): Links {
  // A page that is signed in proves the same link every quarter of an hour.
  const written = new LRUCache<string, true>({ max: rememberedMax });
  return {
    async write(tenant, principal, link, requestId) {
      const name = `${tenant.id} ${principal.env} ${link.anonymousId} ${link.userId}`;
      if (written.has(name)) return;
      const upstream = upstreams.of(tenant, "collector", principal);
      const headers = upstreamHeaders(await tokens.collector.token(), new PrincipalText(principal), requestId, {
        "content-type": "application/json",
      });
      const body = Buffer.from(JSON.stringify(link));
      const call = { method: "POST", path: "/internal/v1/links", headers, body, answerBytesMax } as const;
      const answer = await callUpstream(upstream, call);
      if (answer.status !== 200) throw refusalOfBytes(upstream.id, answer.status, answer.body);
      written.set(name, true);
    },
  };
}
