import { expect, test } from "vitest";
import { launch } from "./support/browser.ts";
import { livePages } from "./support/page-lives.ts";
import { Whole } from "./support/whole.ts";

test("10,000 events over 500 lives of pages: the real collector has each once", async () => {
  await using whole = await Whole.inDirectoryOfItsOwn();
  const running = await whole.run();
  const browser = await launch();
  try {
    const lives = { lives: 500, eventsPerLife: 20, shoppers: 4 };
    const result = await livePages(browser, running, whole.followEvents(running), lives);
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({ tracked: 10_000, arrived: 10_000, countedTwice: 0 });
    expect(result.answersLost).toBeGreaterThan(50);
  } finally {
    await browser.close();
  }
});
