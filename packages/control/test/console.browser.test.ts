import { chromium } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function openBrowser() {
  const executablePath = process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  return { page, faults };
}

test("the console opens with a token in the fragment, shows tenants as text, and forgets the token at sign-out", async () => {
  const control = await startControl(tempDir());
  const name = "<img src=x onerror=document.title='taken'>";
  await control.call("POST", "/v1/tenants", { slug: "oak", name, tier: "premium", issueKeys: ["live"] });
  const { page, faults } = await openBrowser();

  await page.goto(`${control.url}/#token=${control.adminToken}`);
  await page.getByRole("heading", { name }).waitFor();
  expect(page.url()).toBe(`${control.url}/`);
  expect(await page.title()).toBe("Endcap console");
  expect(await page.locator("#tenants button").textContent()).toContain("premium");
  expect(await page.locator("#tenant tbody tr").count()).toBe(2);
  expect(await page.locator("#processes").textContent()).toContain("postgres");
  expect(await page.content()).not.toContain(control.adminToken);

  const catalogue = page.getByRole("switch", { name: "Catalogue from its pages" });
  expect(await catalogue.textContent()).toBe("off");
  await catalogue.click();
  await page.getByRole("switch", { name: "Catalogue from its pages", checked: true }).waitFor();
  expect(await control.call("GET", "/v1/tenants/oak")).toMatchObject({
    body: { settings: { observeCatalogue: true, enabled: true } },
  });
  if (process.env.ENDCAP_SCREENSHOTS) {
    await page.screenshot({ path: `${process.env.ENDCAP_SCREENSHOTS}/console.png`, fullPage: true });
  }

  // ml does not run here: the fault is told in its place, and the page lives on.
  await page.getByLabel("Items in view").fill("a, b");
  await page.getByRole("button", { name: "Show" }).click();
  await page.locator("#answer .fault").waitFor();

  await page.reload();
  await page.getByRole("heading", { name }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Admin token").fill("wrong");
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByText("This token is not accepted.").waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem("endcap.admin.token"))).toBeNull();
  expect(await page.locator("#content").isVisible()).toBe(false);
  await page.getByLabel("Admin token").fill(control.adminToken);
  await page.getByRole("button", { name: "Open the console" }).click();
  await page.getByRole("heading", { name }).waitFor();
  expect(faults).toEqual([]);
});
