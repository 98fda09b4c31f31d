import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { newCaller, sharedStack, uploadFile, waitForRecord, waitForVerdict } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { eicar } from "../support/eicar.ts";
import { buildFilesPage } from "../support/files-page.ts";
import { photoWithGps } from "../support/images.ts";
import { makeMedia, TONE } from "../support/media.ts";
import { makePdf } from "../support/pdfs.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** The components on a page of another origin than the API's, as a CRM has them. */
async function servePage(): Promise<string> {
  const files = await buildFilesPage();
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? "/", "http://crm.example").pathname);
    response.writeHead(file === undefined ? 404 : 200, { "Content-Type": file?.type ?? "text/plain" });
    response.end(file?.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("stored files are listed, looked at, renamed, shared and deleted on the components' page", async () => {
  const caller = await newCaller();
  const send = async (filename: string, filetype: string, bytes: Buffer) =>
    uploadFile(caller, bytes, { filename, filetype });
  const photo = await send("Werk.jpg", "image/jpeg", await photoWithGps(800, 600));
  const report = await send("Bericht.pdf", "application/pdf", Buffer.from(makePdf({ pages: 2 })));
  const sound = await send("Ansage.mp3", "audio/mpeg", await makeMedia("mp3", TONE));
  const table = await send("Kunden.csv", "text/csv", Buffer.from('Kunde;Ort\n"Brandt; Söhne";Köln\n'));
  const blocked = await send("Rechnung.txt", "text/plain", eicar());
  for (const id of [photo, report, sound, table]) {
    await waitForRecord(
      caller,
      id,
      ({ state, missingDerivatives }) =>
        state === "clean" && !missingDerivatives.some((missing) => missing.state === "making"),
    );
  }
  await waitForVerdict(caller, blocked);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  onTestFinished(() => page.close());
  const { token, tenantId } = caller;
  const address = new URLSearchParams({ endpoint: sharedStack().url, token, tenant: tenantId, user: "ann" });
  await page.goto(`${await servePage()}?${address}`);
  const row = (id: string) => page.locator(`[data-file-id="${id}"]`);
  await page.getByText(/^Blocked: contains .*EICAR/i).waitFor();
  await row(photo).locator("img.cw-file-thumbnail").waitFor();

  await page.getByRole("button", { name: "Werk.jpg", exact: true }).click();
  await page.locator('.cw-preview-image[data-shown][alt="Werk.jpg"]').waitFor();
  await page.getByRole("button", { name: "Details" }).click();
  await page
    .getByRole("complementary")
    .getByText(/ × \d+ pixels$/)
    .waitFor();
  await page.getByRole("complementary").getByText("Checked: no virus found").waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Bericht.pdf", exact: true }).click();
  await page.getByRole("img", { name: "Page 1 of 2" }).waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Ansage.mp3", exact: true }).click();
  await page.locator(".cw-waveform rect").first().waitFor();
  const player = page.locator("audio");
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => Math.round(audio.duration))).toBe(1);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Kunden.csv", exact: true }).click();
  await page.getByRole("cell", { name: "Brandt; Söhne" }).waitFor();
  await page.getByRole("button", { name: "Share" }).click();
  const sharing = page.getByRole("dialog", { name: "Share Kunden.csv" });
  await sharing.getByRole("button", { name: "Create link" }).click();
  const link = await sharing.getByRole("textbox", { name: "Address of the link" }).inputValue();
  const shared = await fetch(link, { headers: { accept: "application/json" } });
  expect(await shared.json()).toMatchObject({ file: { filename: "Kunden.csv" } });
  await sharing.getByRole("combobox", { name: "Person" }).fill("bob");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await sharing.getByRole("button", { name: "Share", exact: true }).click();
  await sharing.getByText("Shared with Bob Iglesias.").waitFor();
  await page.keyboard.press("Escape");
  await sharing.waitFor({ state: "detached" });
  // The preview below is still there.
  await page.getByRole("cell", { name: "Brandt; Söhne" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  // The keyboard goes on where it was.
  const focused = () =>
    page.evaluate(() => document.activeElement?.closest("[data-file-id]")?.getAttribute("data-file-id"));
  await expect.poll(focused).toBe(table);
  await page.keyboard.press("F2");
  await page.keyboard.type("Alle Kunden");
  await page.keyboard.press("Enter");
  await page.getByText("Kunden.csv is now called Alle Kunden.csv").waitFor();
  await page.keyboard.press("Delete");
  await page.getByText("Alle Kunden.csv moved to the trash").waitFor();
  const deleted = await caller.fetch(`/v1/files/${table}`);
  expect(await deleted.json()).toMatchObject({ filename: "Alle Kunden.csv", state: "deleted" });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Alle Kunden.csv restored").waitFor();
  const restored = await caller.fetch(`/v1/files/${table}`);
  expect(await restored.json()).toMatchObject({ state: "clean" });
});

test("a list shows a file that is sent elsewhere, and what becomes of it, without polling", async () => {
  const caller = await newCaller();
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  let told = 0;
  const opened = Promise.withResolvers<void>();
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"hello"')) opened.resolve();
      if (/"type":"(file\.|upload\.finished)/.test(String(payload))) told += 1;
    });
  });
  let asked = 0;
  page.on("request", (request) => {
    if (request.method() === "GET" && new URL(request.url()).pathname.startsWith("/v1/files")) asked += 1;
  });
  const { token, tenantId } = caller;
  const address = new URLSearchParams({ endpoint: sharedStack().url, token, tenant: tenantId, user: "ann" });
  await page.goto(`${await servePage()}?${address}`);
  await page.getByText("No files yet.").waitFor();
  await opened.promise;
  const id = await uploadFile(caller, Buffer.from("hello"), { filename: "Notiz.txt" });
  await page.locator(`[data-file-id="${id}"]`).getByText("Ready").waitFor();
  // Twice for the list itself, when it was shown and when all was told from then on.
  expect(asked).toBeLessThanOrEqual(2 + told);
});
