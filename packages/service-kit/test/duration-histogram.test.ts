import { Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { DurationHistogram } from "../src/index.ts";

it("says what prom-client's own histogram says", async () => {
  const config = { name: "request_seconds", help: "durations", labelNames: ["route"], buckets: [0.005, 0.1, 1] };
  const registries = [new Registry(), new Registry()] as const;
  for (const registry of registries) registry.setDefaultLabels({ service: "demo" });
  const theirs = new Histogram({ ...config, registers: [registries[0]] });
  const ours = new DurationHistogram({ ...config, registers: [registries[1]] });
  for (const route of ["/a", "/b"]) {
    const series = ours.series({ route });
    for (const seconds of [0, 0.005, 0.0050001, 0.1, 0.5, 1, 7]) {
      theirs.observe({ route }, seconds);
      series.observe(seconds);
    }
  }
  const [expected, text] = await Promise.all(registries.map((registry) => registry.metrics()));
  expect(text).toBe(expected);
});
