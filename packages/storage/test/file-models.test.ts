import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModels } from "@endcap/storage";
import { modelsContracts } from "./contract/suite.ts";

modelsContracts({
  name: "files",
  async place() {
    const dir = await mkdtemp(join(tmpdir(), "endcap-models-"));
    return { open: () => openModels(`file:${dir}/tenants`), remove: () => rm(dir, { recursive: true, force: true }) };
  },
});
