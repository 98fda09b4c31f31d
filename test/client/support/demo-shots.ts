/*
 * Not a test: screenshots of the demo's states with fixed data, in every width and theme, for people to look at.
 *   node test/client/support/demo-shots.ts [directory]
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../support/browser.ts";
import { buildDemo } from "./built-demo.ts";
import { type DemoServer, fakeFile, startDemoServer } from "./demo-server.ts";

const WIDTHS = [390, 768, 1440] as const;
const THEMES = ["light", "dark"] as const;
const MIB = 1024 * 1024;
const LONG =
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_Rahmenvertrag_v12.pdf";

const STORED = [
  fakeFile("f1", LONG),
  fakeFile("f2", "Werksbesichtigung Hamburg.jpg", {
    mimeType: "image/jpeg",
    sizeBytes: 4_812_000,
    derivatives: [{ name: "thumbnail" }],
    ownerId: "bob",
  }),
  fakeFile("f3", "Rechnung 2026-1187.pdf", {
    state: "infected",
    verdict: { signatureName: "Eicar-Test-Signature" },
    sizeBytes: 68,
  }),
  fakeFile("f4", "Preisliste (Kennwort).xlsx", {
    mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    state: "unscannable",
    createdAt: "2025-03-02T09:30:00Z",
  }),
  fakeFile("f5", "Präsentation.pptx", {
    mimeType: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    state: "quarantined",
    sizeBytes: 18_300_000,
  }),
];

function pdf(name: string, sizeBytes: number) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

async function takeShots(browser: Browser, server: DemoServer, directory: string): Promise<void> {
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
      const page = await context.newPage();
      const shoot = (name: string) =>
        page.screenshot({ path: join(directory, `${name}-${width}-${theme}.png`), fullPage: true });
      await shootStates(page, server, shoot);
      await context.close();
    }
  }
}

async function shootStates(page: Page, server: DemoServer, shoot: (name: string) => Promise<unknown>) {
  server.files.clear();
  server.tus.speed = 0;
  await page.goto(server.origin);
  await page.getByText("Nothing is attached").waitFor();
  await shoot("empty");
  for (const file of STORED) server.files.set(file.id, file);
  await page.reload();
  await page.locator("li.row").nth(4).waitFor();
  await page.locator("li.row img").waitFor();
  await shoot("list");
  await page.getByRole("button", { name: `Delete ${LONG}` }).click();
  await shoot("dialog");
  await page.keyboard.press("Escape");
  await shootUploads(page, server, shoot);
}

async function shootUploads(page: Page, server: DemoServer, shoot: (name: string) => Promise<unknown>) {
  const input = page.locator("#file-input");
  server.tus.next("PATCH", { stallAfterBytes: 5 * MIB });
  await input.setInputFiles([pdf("Wartungsprotokoll.pdf", 7 * MIB)]);
  await page.locator(".bar[aria-valuenow]:not([aria-valuenow='0'])").first().waitFor();
  await page.getByRole("button", { name: "Pause Wartungsprotokoll.pdf" }).click({ timeout: 5000 });
  await page.locator("li.row", { hasText: "Paused" }).waitFor();
  server.tus.speed = 1.5 * MIB;
  const script = {
    name: "Angebotsrechner.exe",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("MZ"),
  };
  await input.setInputFiles([
    pdf(`Kopie von ${LONG}`, 26 * MIB),
    pdf("Bauplan Halle 3.pdf", 18 * MIB),
    script,
  ]);
  await page.locator("li.row", { hasText: "left" }).first().waitFor();
  await shoot("uploading");
  await page.context().setOffline(true);
  await page.locator("li.row", { hasText: "Waiting for your connection" }).first().waitFor();
  await shoot("offline");
  await page.context().setOffline(false);
  server.tus.speed = 0;
  await page.reload();
  await page.getByRole("button", { name: /^Continue/ }).waitFor();
  await shoot("continue");
  await page.evaluate(() => localStorage.clear());
  await page.route("**/v1/files?*", (route) => route.abort());
  await page.reload();
  await page.getByRole("button", { name: "Try again" }).waitFor();
  await shoot("failed");
  await page.unroute("**/v1/files?*");
  server.givesTokens = false;
  await page.reload();
  await page.getByRole("button", { name: "Use this token" }).waitFor();
  await shoot("sign-in");
  server.givesTokens = true;
}

const directory = process.argv[2] ?? "/tmp/demo-shots";
const builtDir = await buildDemo();
const [browser, server] = await Promise.all([launchChromium(), startDemoServer(builtDir)]);
try {
  await mkdir(directory, { recursive: true });
  await takeShots(browser, server, directory);
} finally {
  await browser.close();
  await server.close();
  await rm(builtDir, { recursive: true });
}
