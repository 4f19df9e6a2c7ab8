/** The configurations of the foreign proxies: one core, kept connections on both sides, an access log as in production. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "../bench.ts";
import { type EdgeProcess, startEdge } from "./edge-process.ts";
import { freePort } from "./ports.ts";

export interface ProxyPlace {
  readonly directory: string;
  /** Where requests go. */
  readonly upstreamPort: number;
  readonly core: number;
  readonly cleanup: (work: Cleanup) => void;
}

/** What every nginx of the bench shares; `main` stands before `http`, `server` within the one server. */
export function nginxConfig(parts: { main?: string; http?: string; server: string; port: number }): string {
  const { main = "", http = "", server, port } = parts;
  // As root, workers would become nobody, who may not read the bench's directory.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error; ${user}
${main}
events { worker_connections 4096; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  access_log access.log combined buffer=64k flush=1s;
  keepalive_requests 100000000; keepalive_timeout 75s;
  client_body_buffer_size 64k; client_max_body_size 1m;
  tcp_nodelay on;
  ${http}
  server { listen 127.0.0.1:${port} backlog=4096; ${server} }
}
`;
}

export const keptUpstream = (port: number): string =>
  `upstream kept { server 127.0.0.1:${port}; keepalive 128; keepalive_requests 100000000; }`;

const proxied = `proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header connection "";`;

export async function startNginxWith(
  name: string,
  place: ProxyPlace,
  parts: Omit<Parameters<typeof nginxConfig>[0], "port">,
) {
  const port = await freePort();
  const prefix = join(place.directory, name);
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, "nginx.conf"), nginxConfig({ ...parts, port }));
  const command = { command: "/usr/sbin/nginx", args: ["-p", prefix, "-c", "nginx.conf"] };
  return startEdge({ ...place, name, port, ...command }, place.cleanup);
}

/** nginx that only passes on. */
export function startNginx(place: ProxyPlace): Promise<EdgeProcess> {
  return startNginxWith("nginx", place, {
    http: keptUpstream(place.upstreamPort),
    server: `location / { ${proxied} }`,
  });
}

export async function startHaproxy({ directory, upstreamPort, core, cleanup }: ProxyPlace): Promise<EdgeProcess> {
  const port = await freePort();
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend edge
  bind 127.0.0.1:${port}
  default_backend upstream
backend upstream
  server one 127.0.0.1:${upstreamPort}
`,
  );
  const args = ["-db", "-q", "-f", file];
  return startEdge({ name: "haproxy", port, command: "/usr/sbin/haproxy", args, core, directory }, cleanup);
}

export async function startCaddy({ directory, upstreamPort, core, cleanup }: ProxyPlace): Promise<EdgeProcess> {
  const port = await freePort();
  const file = join(directory, "Caddyfile");
  writeFileSync(
    file,
    `{
	admin off
	auto_https off
	log {
		output discard
	}
}
http://127.0.0.1:${port}, http://edge.shop.example:${port} {
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:${upstreamPort}
}
`,
  );
  const args = ["run", "--config", file, "--adapter", "caddyfile"];
  const env = { GOMAXPROCS: "1", HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return startEdge({ name: "caddy", port, command: "/usr/bin/caddy", args, env, core, directory }, cleanup);
}
