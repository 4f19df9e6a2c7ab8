/**
 * Answers as many requests as argv says, with a full collection between any two, and prints for each whether V8 still
 * keeps its response as a struct (`s`) or has made it a dictionary (`d`). `--expose-gc --allow-natives-syntax`.
 */
import { createService } from "../../src/index.ts";

declare const gc: () => void;

const count = Number(process.argv[2]);
// Native syntax is no TypeScript.
const isStruct = new Function("object", "return %HasFastProperties(object)") as (object: object) => boolean;
const hosts = { host: "127.0.0.1", port: 0, adminHost: "127.0.0.1", adminPort: 0 };
const service = createService({
  name: "shapes",
  config: { ...hosts, logLevel: "silent", drainDelayMs: 0, drainMsMax: 1_000 },
});
let shapes = "";
service.app.get("/", async (_request, reply) => {
  shapes += isStruct(reply.raw) ? "s" : "d";
  return "";
});
const { url } = await service.listen();
for (let n = 0; n < count; n++) {
  await (await fetch(url, { headers: { connection: "close" } })).text();
  // A map that nobody has any more is kept for some collections.
  for (let round = 0; round < 6; round++) gc();
}
await service.close();
process.stdout.write(shapes);
