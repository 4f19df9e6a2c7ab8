import type { Principal } from "@endcap/protocol";
import { FrameReader, partFrame, writeFrames } from "@endcap/service-kit";
import { expect, it } from "vitest";
import { PrincipalText } from "../src/auth/caller.ts";

it("a principal in any script travels in a part's header and comes out as it was", () => {
  const principal: Principal = {
    tenant: "tnt-aaaaaaaaaaaaaaaa",
    env: "live",
    tier: "standard",
    scope: [],
    auth: "ec1",
    key: "k",
    userId: 'Łódź "日本" 🛒 \u2028 \u007f \ud800',
  };
  const text = new PrincipalText(principal);
  const payload = Buffer.from('{"note":"żółw"}');
  const frames = new FrameReader(1_000).push(
    writeFrames([partFrame(text.partHead, "r1", payload), partFrame(text.partHead, "r2", payload)]),
  );
  expect(frames.map(({ header: { p, r }, payload: body }) => [p, r, body.toString()])).toEqual([
    [principal, "r1", payload.toString()],
    [principal, "r2", payload.toString()],
  ]);
});
