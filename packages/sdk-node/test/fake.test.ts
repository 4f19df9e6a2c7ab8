import { describe, expect, it } from "vitest";
import { EndcapApiError, EndcapConnectionError } from "../src/index.ts";
import { FakeEndcap } from "../src/testing/index.ts";

describe("a test with the fake", () => {
  const oak = {
    id: "oak",
    title: "Oak Table",
    url: "/p/oak",
    price: "349.00",
    currency: "EUR",
    availability: "in_stock" as const,
    categories: [],
  };

  it("sees the events of its code and lays down what is recommended", async () => {
    const fake = new FakeEndcap();
    await using endcap = fake.client();
    await endcap.items.upsert([oak, { ...oak, id: "ash" }]);
    endcap.track("add_to_cart", { userId: "u", items: ["oak"] });
    await endcap.flush();
    expect(fake.events).toMatchObject([{ type: "add_to_cart", items: [{ id: "oak" }] }]);
    expect([...fake.items.keys()]).toEqual(["oak", "ash"]);

    fake.recommends("home", ["ash", "unknown", "oak"]);
    const list = () => endcap.recommendations.get({ placement: "home", shopper: { userId: "u" } });
    expect((await list()).items.map(({ id }) => id)).toEqual(["ash", "oak"]);
    fake.answersWithFallback();
    expect(await list()).toMatchObject({ fallback: "popular", model: null });
  });

  it("makes the next requests fail, and the client's retries are real", async () => {
    const fake = new FakeEndcap();
    const retries: string[] = [];
    await using endcap = fake.client({ hooks: { onRetry: ({ error }) => retries.push(error.constructor.name) } });
    fake.failNext("rate_limited");
    fake.failNext("offline");
    await endcap.items.upsert([oak]);
    expect(retries).toEqual(["EndcapApiError", "EndcapConnectionError"]);

    fake.failNext("upstream_unavailable", { times: 4 });
    await expect(endcap.items.get("oak")).rejects.toThrow(EndcapApiError);
    fake.failNext("offline", { times: 4 });
    await expect(endcap.items.get("oak")).rejects.toThrow(EndcapConnectionError);
  });

  it("erases nobody yet, as the server", async () => {
    await using endcap = new FakeEndcap({ scopes: ["shopper:erase"] }).client({ retries: 0 });
    await expect(endcap.shoppers.erase({ userId: "u" })).rejects.toMatchObject({ code: "erasure_unavailable" });
  });
});
