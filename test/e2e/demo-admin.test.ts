import { createHash } from "node:crypto";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import type { AuditPage } from "#contract/audit.ts";
import type { FailedJobPage } from "#contract/failed-jobs.ts";
import { TenantId } from "#contract/ids.ts";
import type { RescanList } from "#contract/rescans.ts";
import {
  type Caller,
  getRecord,
  newCaller,
  readProblem,
  sharedStack,
  uploadFile,
  waitForRecord,
  waitForVerdict,
} from "../support/api.ts";
import { axeFindings } from "../support/axe.ts";
import { launchChromium } from "../support/browser.ts";
import { eicar } from "../support/eicar.ts";
import { sendReport } from "../support/reports.ts";

/** The demo around its lists of files: its shell, and the pages for admins. Others use its tenants too: names are this file's. */

const ACME = TenantId.parse("acme");
const ANN = { key: "acme/ann", language: "en" };
const BOB = { key: "acme/bob", language: "en" };

let browser: Browser;
let bob: Caller;
let ann: Caller;
beforeAll(async () => {
  [browser, bob, ann] = await Promise.all([
    launchChromium(),
    newCaller({ tenantId: ACME, user: "bob" }),
    newCaller({ tenantId: ACME, user: "ann", role: "admin" }),
  ]);
});
afterAll(() => browser.close());

async function open(place: string, { key, language } = ANN, width = 1280): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  onTestFinished(() => context.close());
  await context.addInitScript(
    ([identity, settings]) => {
      sessionStorage.setItem("causeway-demo-identity", identity);
      sessionStorage.setItem("causeway-demo-settings", settings);
    },
    [key, JSON.stringify({ language })] as const,
  );
  const page = await context.newPage();
  await page.goto(`${sharedStack().url}/#${place}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function addFile(filename: string, bytes: Buffer): Promise<string> {
  const fileId = await uploadFile(bob, bytes, { filename, entityType: "contact", entityId: "c-1001" });
  await waitForVerdict(bob, fileId);
  return fileId;
}

/** Nothing is made of it any more: what is made forgets that a job failed. */
async function addDoneFile(filename: string, bytes: Buffer): Promise<string> {
  const fileId = await addFile(filename, bytes);
  await waitForRecord(bob, fileId, ({ missingDerivatives }) =>
    missingDerivatives.every(({ state }) => state !== "making"),
  );
  return fileId;
}

/** As a processor tells of a job that it gave up: what is put in one request has its MD5 for an etag. */
async function giveUp(fileId: string, bytes: Buffer): Promise<void> {
  const etag = createHash("md5").update(bytes).digest("hex");
  const why = { code: "TOOL_BROKEN_OFF", detail: "A program that reads files was ended early.", attempts: 5 };
  const ref = { tenantId: ACME, fileId, version: 1, etag, sizeBytes: bytes.length };
  const stack = { url: sharedStack().url, reportSecret: inject("reportSecret") };
  expect((await sendReport(stack, { kind: "failed-job", ...ref, ...why })).status).toBe(204);
}

async function failedFiles(): Promise<readonly string[]> {
  const answer = await ann.fetch("/v1/admin/failed-jobs?limit=200");
  return ((await answer.json()) as FailedJobPage).items.map(({ fileId }) => fileId);
}

/** As the audit has it, which is written while the answer is under way. */
async function timesRead(fileId: string): Promise<number> {
  const answer = await ann.fetch(`/v1/admin/audit?fileId=${fileId}&action=file.read`);
  return ((await answer.json()) as AuditPage).items.length;
}

const rowOf = (page: Page, filename: string): Locator =>
  page.getByRole("listitem").filter({ hasText: filename });

test("an admin releases a blocked file by a reason, and removes another for good", async () => {
  const [harmless, harmful] = await Promise.all([
    addFile("demo-admin-harmless.txt", eicar()),
    addFile("demo-admin-harmful.txt", eicar()),
  ]);
  const page = await open("/quarantine");
  const blocked = page.getByRole("list", { name: "Blocked files" }).getByRole("listitem");
  const row = blocked.filter({ hasText: "demo-admin-harmless.txt" }).first();
  for (const words of ["The file contains malware", "Uploaded by Bob Okafor", "ClamAV"]) {
    await row.getByText(words).waitFor();
  }
  await row.getByRole("link", { name: "Hildegard Brandt-Oberhauser" }).waitFor();
  expect(await axeFindings(page)).toEqual([]);

  await row.getByRole("button", { name: "Release demo-admin-harmless.txt" }).click();
  const dialog = page.getByRole("dialog");
  const release = dialog.getByRole("button", { name: "Release" });
  await dialog.getByLabel("Why it is harmless").fill(" ok ");
  await release.click();
  await dialog.getByText("Say why it is harmless, in 3 characters or more.").waitFor();
  await dialog.getByLabel("Why it is harmless").fill("The sender has confirmed it.");
  await release.click();
  await page.getByText("demo-admin-harmless.txt is released.").waitFor();
  await row.waitFor({ state: "detached" });
  expect((await getRecord(bob, harmless)).state).toBe("clean");
  const released = page.getByRole("list", { name: "Released" }).getByRole("listitem");
  const its = released.filter({ hasText: "demo-admin-harmless.txt" });
  await its.getByText("Released by Ann Lindqvist").waitFor();
  await its.getByText("The sender has confirmed it.").waitFor();
  expect(await its.getByRole("link").getAttribute("href")).toBe(`#/files/${harmless}`);

  expect((await bob.fetch(`/v1/files/${harmless}/content`)).status).toBe(200);
  await expect.poll(() => timesRead(harmless)).toBe(1);
  await its.getByRole("link").click();
  await page.getByRole("heading", { name: "Who had it" }).waitFor();
  await page
    .getByRole("listitem")
    .filter({ hasText: /^Bob Okafor once, / })
    .waitFor();
  await page.getByText(/^Blocked .*: the check found .*eicar.*Released by Ann Lindqvist/i).waitFor();
  await page.goBack();

  await page.getByRole("button", { name: "Delete demo-admin-harmful.txt" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect((await getRecord(bob, harmful)).state).toBe("infected");
  await page.getByRole("button", { name: "Delete demo-admin-harmful.txt" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("demo-admin-harmful.txt is deleted for good.").waitFor();
  expect(await readProblem(await bob.fetch(`/v1/files/${harmful}`))).toMatchObject({
    code: "FILE_NOT_FOUND",
  });
});

test("several are deleted for good at once, and test signatures are warned of", async () => {
  const names = ["one", "two", "three"].map((each) => `demo-admin-batch-${each}.txt`);
  const ids = await Promise.all(names.map((name) => addFile(name, eicar())));
  const page = await open("/quarantine");
  await page.getByText("no signatures but those of the EICAR test file").waitFor();
  const link = rowOf(page, names[0] ?? "").getByRole("link", { name: names[0] ?? "" });
  expect(await link.getAttribute("href")).toBe(`#/files/${ids[0]}`);
  for (const name of names.slice(0, 2)) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("button", { name: "Delete 2 for good" }).click();
  await page
    .getByRole("dialog", { name: "Delete 2 files for good?" })
    .getByText("Nobody can get them back.")
    .waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("2 files are deleted for good.").waitFor();
  for (const id of ids.slice(0, 2)) expect((await bob.fetch(`/v1/files/${id}`)).status).toBe(404);
  await rowOf(page, names[2] ?? "")
    .first()
    .waitFor();
});

test("an admin has everything checked again", async () => {
  const page = await open("/quarantine");
  await page.getByRole("button", { name: "Check everything again" }).click();
  await page.getByText("All files are being checked again.").waitFor();
  const { items } = (await (await ann.fetch("/v1/admin/rescans")).json()) as RescanList;
  expect(items[0]).toMatchObject({ requestedBy: "ann", fileId: null });
  await ann.fetch(`/v1/admin/rescans/${items[0]?.id}/cancel`, { method: "POST" });
});

test("a failed job is tried again alone, and with all others", async () => {
  const bytes = [
    Buffer.from("demo-admin one"),
    Buffer.from("demo-admin two"),
    Buffer.from("demo-admin three"),
  ];
  const ids = await Promise.all(bytes.map((each, index) => addDoneFile(`demo-admin-${index}.txt`, each)));
  await Promise.all(ids.map((id, index) => giveUp(id, bytes[index] ?? Buffer.alloc(0))));
  const page = await open("/failed-jobs", { ...ANN, language: "de" });
  await rowOf(page, "demo-admin-0.txt").getByText("Ein Programm, das Dateien liest").waitFor();
  await page.getByRole("button", { name: "Noch einmal versuchen: demo-admin-0.txt" }).click();
  await page.getByText("demo-admin-0.txt wird noch einmal versucht.").waitFor();
  expect(await rowOf(page, "demo-admin-0.txt").count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Alle noch einmal versuchen" }).click();
  await page.getByText(/Dateien werden noch einmal versucht/).waitFor();
  expect((await failedFiles()).filter((id) => ids.includes(id))).toEqual([]);
});

test("members have no way to what is for admins, and are told so", async () => {
  const page = await open("/quarantine", BOB);
  await page.getByText("This page is for admins.").waitFor();
  const places = await page.getByRole("navigation").getByRole("link").allInnerTexts();
  expect(places).toEqual(["Contacts", "Files", "Shared with me", "Trash", "API reference"]);
});

test("on a phone, by keyboard: who goes to a page is at its heading, and the bar is two lines", async () => {
  const page = await open("/contacts", ANN, 390);
  await page.getByRole("link", { name: "Quarantine" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("h1:focus", { hasText: "Quarantine" }).waitFor();
  expect(await page.title()).toBe("Quarantine · Causeway");
  expect(await page.getByRole("link", { name: "Quarantine" }).getAttribute("aria-current")).toBe("page");
  expect(
    await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const bar = document.querySelector(".top-bar")?.getBoundingClientRect().height ?? Infinity;
      return { isTooWide: scrollWidth > clientWidth, isTwoLines: bar < 110 };
    }),
  ).toEqual({ isTooWide: false, isTwoLines: true });
  await page.getByRole("button", { name: "Language and theme" }).click();
  await page.getByRole("menuitemradio", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Quarantäne" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("de");
});

test("contacts tell how many files they have, and an Arabic name begins where the others do", async () => {
  await addFile("demo-admin-counted.txt", Buffer.from("counted"));
  const page = await open("/contacts");
  const counted = page.getByRole("link", { name: /Hildegard.*\d+ files?$/ });
  await counted.waitFor();
  await page.context().setOffline(true);
  await page.getByText("the numbers of files are those of before").waitFor();
  expect(await counted.count()).toBe(1);
  await page.context().setOffline(false);
  await page.getByText("There was no answer").waitFor({ state: "detached" });
  const starts = await page.locator(".contact-name").evaluateAll((names) =>
    names.map((name) => {
      const range = document.createRange();
      range.selectNodeContents(name);
      return Math.round(range.getBoundingClientRect().left);
    }),
  );
  expect(new Set(starts).size).toBe(1);
  expect(await axeFindings(page)).toEqual([]);
});
