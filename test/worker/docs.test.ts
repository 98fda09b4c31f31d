import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sharedStack } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";

let browser: Browser;
const contexts: BrowserContext[] = [];

/** What went wrong on a page, and what it asked for that isn't the stack's. */
interface Watched {
  readonly page: Page;
  readonly faults: string[];
  readonly elsewhere: string[];
}

beforeAll(async () => {
  browser = await launchChromium();
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});
afterAll(() => browser.close());

async function openDocs(width: number, height: number, at = ""): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width, height } });
  contexts.push(context);
  const page = await context.newPage();
  const watched: Watched = { page, faults: [], elsewhere: [] };
  page.on("pageerror", (error) => watched.faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") watched.faults.push(message.text());
  });
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== new URL(sharedStack().url).origin) {
      watched.elsewhere.push(request.url());
    }
  });
  const answer = await page.goto(new URL(`/docs${at}`, sharedStack().url).href);
  expect(answer?.status()).toBe(200);
  await page.getByRole("heading", { name: "Causeway", exact: true }).waitFor();
  return watched;
}

test("a navigation to /docs is answered by a page whose scripts are its own", async () => {
  const headers = { "sec-fetch-mode": "navigate", accept: "text/html" };
  const answer = await fetch(new URL("/docs", sharedStack().url), { headers });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("text/html");
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; ");
  expect(policy).toContain("connect-src 'self'; ");
  const page = await answer.text();
  expect(page).not.toMatch(/https?:\/\//);
  for (const [, path = ""] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    const asset = await fetch(new URL(path, sharedStack().url));
    expect([path, asset.status, asset.headers.get("content-type")]).toEqual([
      path,
      200,
      expect.stringMatching(/javascript|css|json/),
    ]);
  }
});

async function summariesOfApi(): Promise<Set<string>> {
  const answer = await fetch(new URL("/openapi.json", sharedStack().url));
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { summary: string }>> };
  return new Set(Object.values(paths).flatMap((item) => Object.values(item).map(({ summary }) => summary)));
}

test.each([
  [1440, 900],
  [390, 844],
])("the page lists every operation at %i px, and asks nobody else for anything", async (width, height) => {
  const { page, faults, elsewhere } = await openDocs(width, height);
  const menu = page.getByRole("button", { name: "Open Menu" });
  if (await menu.isVisible()) await menu.click();
  const list = page.getByRole("complementary").first();
  for (const summary of await summariesOfApi()) {
    await list.getByText(summary, { exact: true }).first().waitFor();
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  expect({ faults, elsewhere }).toEqual({ faults: [], elsewhere: [] });
});

test("a request can be tried from the page, by its own origin alone", async () => {
  const { page, faults, elsewhere } = await openDocs(1440, 900, "#tag/service/GET/health");
  await page.getByRole("button", { name: "Test Request (get /health)" }).click();
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/health");
  await page.getByRole("button", { name: /^Send/ }).first().click();
  expect((await answered).status()).toBe(200);
  expect({ faults, elsewhere }).toEqual({ faults: [], elsewhere: [] });
});
