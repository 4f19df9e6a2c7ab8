import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listModels, modelFacts, openModels, promoteModel, rollBackModel } from "@endcap/storage";
import { expect, it } from "vitest";
import { TENANT } from "./contract/fixtures.ts";
import { Program } from "./processes/program.ts";
import { MODEL_BYTES, modelBytes } from "./processes/promoted-model.ts";

const KILLS = 20;

it(`of ${KILLS} promotions killed halfway each leaves the old champion or the new one, whole, and a way back`, {
  timeout: 240_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), "endcap-promote-"));
  const location = `file:${dir}/tenants`;
  const store = openModels(location).open(TENANT);
  const stamp = (id: string) => ({ at: Date.now(), id });
  try {
    await store.putIfAbsent("m-0.ecm", modelBytes());
    await promoteModel(store, { version: "m-0" }, stamp("first"));
    let champion = "m-0";
    let moved = 0;

    /** What a recommender does when it looks: it must find a champion that it can open. */
    const look = async (): Promise<string> => {
      const value = (await store.pointer("champion"))?.value ?? "none";
      const file = await store.get(`${value}.ecm`);
      expect([value, file?.bytes.byteLength]).toEqual([value, MODEL_BYTES]);
      return value;
    };
    for (let kill = 0; kill < KILLS; kill++) {
      using program = new Program("promote-for-ever.ts", [location, TENANT]);
      await program.line("promoted");
      // A promotion takes a few milliseconds: these moments fall on all of its steps.
      const killed = delay(kill * 1.7).then(() => program.kill());
      let done = false;
      const ended = killed.finally(() => {
        done = true;
      });
      while (!done) await look();
      await ended;
      const now = await look();
      const told =
        program.lines
          .filter((line) => line.startsWith("promoted "))
          .at(-1)
          ?.slice("promoted ".length) ?? "";
      // What was said to be promoted is, unless a later one was on its way and arrived.
      expect(now >= told && now > champion).toBe(true);
      moved += now === told ? 0 : 1;
      champion = now;
      const { previous } = await modelFacts(store, champion);
      expect((await listModels(store)).map(({ version }) => version)).toContain(previous);
    }
    expect(moved).toBeLessThan(KILLS);

    // Nothing is left locked: the next promotion and a rollback work as ever.
    await store.putIfAbsent("m-9.ecm", modelBytes());
    expect(await promoteModel(store, { version: "m-9" }, stamp("last"))).toBe(true);
    expect(await rollBackModel(store, stamp("undone"))).toMatchObject({ from: "m-9", to: champion });
    expect(await look()).toBe(champion);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
