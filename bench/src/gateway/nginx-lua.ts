/** nginx with the gateway's checks in Lua: the strongest hand-made edge that Debian's packages allow. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { EdgeProcess } from "./edge-process.ts";
import { keptUpstream, type ProxyPlace, startNginxWith } from "./foreign-proxies.ts";
import { type BenchShop, writeTenants } from "./shops.ts";

const scripts = dirname(fileURLToPath(new URL("edge.lua", import.meta.url)));
const modules = "/usr/lib/nginx/modules";

export interface NginxLua extends EdgeProcess {
  /** The token that proves it to a collector. */
  giveToken(token: string): Promise<void>;
}

/** @param framed its upstream is a collector, which takes events in frames. */
export async function startNginxLua(
  place: ProxyPlace,
  shops: readonly BenchShop[],
  framed: boolean,
): Promise<NginxLua> {
  const name = framed ? "nginx-lua-to-disk" : "nginx-lua";
  const file = writeTenants(place.directory, name, shops);
  const path = framed ? "/internal/v1/event-batches" : "";
  const proxy = await startNginxWith(name, place, {
    main: `load_module ${modules}/ndk_http_module.so; load_module ${modules}/ngx_http_lua_module.so;`,
    http: `${keptUpstream(place.upstreamPort)}
  lua_package_path "${scripts}/?.lua;/usr/share/lua/5.1/?.lua;;";
  init_worker_by_lua_block { require("edge").init("${file}") }`,
    server: `location = /internal-token { content_by_lua_block { require("edge").token() } }
    location ${framed ? "= /v1/events" : "/v1/"} {
      set $upstream_principal ""; set $upstream_type ""; set $upstream_token "";
      access_by_lua_block { require("edge").access(${framed}) }
      proxy_pass http://kept${path};
      proxy_http_version 1.1;
      proxy_pass_request_headers off;
      proxy_set_header connection "";
      proxy_set_header authorization "Bearer $upstream_token";
      proxy_set_header endcap-principal $upstream_principal;
      proxy_set_header endcap-request-id $request_id;
      proxy_set_header content-type $upstream_type;
    }`,
  });
  return {
    ...proxy,
    async giveToken(token) {
      await fetch(`http://127.0.0.1:${proxy.port}/internal-token`, { method: "PUT", body: token });
    },
  };
}
