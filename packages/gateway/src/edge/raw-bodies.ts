import type { App } from "@endcap/service-kit";

/** The scope's bodies are bytes: what was signed is what is forwarded. Any other content type is refused. */
export function rawBodies(app: App, contentTypes: string[], bytesMax?: number): void {
  app.removeAllContentTypeParsers();
  if (contentTypes.length === 0) return;
  const options = { parseAs: "buffer", ...(bytesMax !== undefined && { bodyLimit: bytesMax }) } as const;
  app.addContentTypeParser(contentTypes, options, (_request, body, done) => done(null, body));
}
