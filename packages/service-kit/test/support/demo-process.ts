/** A whole service process for the tests of its life: GET /slow/:ms answers after that time. */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Type } from "typebox";
import { createService, defineConfig, runService, serviceKeys } from "../../src/index.ts";

const spec = defineConfig({
  service: "demo",
  schema: Type.Object({
    ...serviceKeys({ port: 0, adminPort: 0 }),
    journal: Type.Optional(Type.String({ description: "file that notes what happened, in order" })),
  }),
});

await runService(spec, (config) => {
  const service = createService({ name: "demo", config });
  const note = (line: string) => {
    if (config.journal !== undefined) appendFileSync(config.journal, `${line}\n`);
  };
  service.app.get("/slow/:ms", { schema: { params: Type.Object({ ms: Type.Integer() }) } }, async ({ params }) => {
    note("started");
    await sleep(params.ms);
    note("answered");
    return { pid: process.pid };
  });
  service.app.addHook("onClose", async () => note("stores closed"));
  return service;
});
