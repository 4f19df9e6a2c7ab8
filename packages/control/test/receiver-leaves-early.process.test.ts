import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { createInternalIssuer } from "@endcap/service-kit";
import { expect, test } from "vitest";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

const intervals = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("a receiver that leaves while its token is checked leaves nothing running", async () => {
  const control = await startControl(tempDir());
  const { hostname, port } = new URL(control.url);
  const before = intervals();
  for (let turns = 0; turns < 60; turns++) {
    // A token that is new is checked in turns of its own.
    const issuer = await createInternalIssuer({
      keyFile: join(control.dataDir.keys, "ml.key"),
      group: "ml",
      audience: ["control"],
      tenants: "*",
      now: () => Date.now() - turns * 1_000,
    });
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `GET /internal/v1/snapshot HTTP/1.1\r\nhost: control\r\nauthorization: Bearer ${await issuer.token()}\r\n\r\n`,
    );
    for (let n = 0; n < turns % 15; n++) await turn();
    socket.destroy();
    await delay(5);
  }
  // Every second one leaves in that moment; a few timers may be somebody else's.
  await expect.poll(intervals, { timeout: 5_000 }).toBeLessThan(before + 5);
});
