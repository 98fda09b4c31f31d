import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { axeFindings } from "../../support/axe.ts";
import { launchChromium } from "../../support/browser.ts";
import { buildFilesPage } from "../../support/files-page.ts";
import { type FilesServer, startFilesServer } from "./files/files-server.ts";
import { manyFiles, variedFiles } from "./files/stored-files.ts";
import { idOf, withLive } from "./live-page.ts";

let server: FilesServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  server = await startFilesServer(await buildFilesPage());
  browser = await launchChromium();
}, 60_000);

afterAll(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  server.files = variedFiles();
  server.trash.length = 0;
  server.seen.length = 0;
  server.failures.clear();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
});

afterEach(() => context.close());

const show = (query = "") => page.goto(`${server.origin}/${query}`);
const row = (id: string) => page.locator(`[data-file-id="${id}"]`);
const status = (text: string) => page.getByRole("status").filter({ hasText: text });
const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-file-id"));
const selected = () =>
  page
    .locator('[aria-selected="true"]')
    .evaluateAll((rows) => rows.map((each) => each.getAttribute("data-file-id")));

test("a grid to screen readers: heads, rows with the file's name, states in words", async () => {
  await show();
  await row("f7").waitFor();
  const grid = page.getByRole("grid", { name: "Files" });
  expect(await grid.getAttribute("aria-rowcount")).toBe("11");
  await page.getByRole("columnheader", { name: "Uploaded" }).waitFor();
  await row("f3").getByText("Blocked: contains Eicar-Test-Signature").waitFor();
  await row("f5").getByText("Checking for viruses").waitFor();
  // There is no room for the whole of a long reason, before somebody looks at it.
  const reason = row("f4").locator(".cw-sentence > .cw-words");
  const isWhole = () => reason.evaluate(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight);
  expect(await isWhole()).toBe(false);
  await row("f4").focus();
  expect(await isWhole()).toBe(true);
  const isInRow = () =>
    reason.evaluate((words) => {
      const [inner, outer] = [words, words.closest("[data-file-id]")].map((each) =>
        each?.getBoundingClientRect(),
      );
      return inner !== undefined && outer !== undefined && inner.bottom <= outer.bottom;
    });
  expect(await isInRow()).toBe(true);
  await row("f2").getByRole("button", { name: "Werksbesichtigung Hamburg.jpg", exact: true }).waitFor();
  await row("f2").getByRole("checkbox", { name: "Select Werksbesichtigung Hamburg.jpg" }).waitFor();
  // An image is shown by its signed thumbnail; all of them came by one request.
  await row("f2").locator("img.cw-file-thumbnail").waitFor();
  expect(server.seen.filter((each) => each === "POST /v1/signed-urls")).toHaveLength(1);
});

test("by keyboard alone: moves, chooses a range, opens, renames, deletes and undoes", async () => {
  await show("?language=en");
  await row("f10").waitFor();
  await page.getByRole("checkbox", { name: "Select all" }).focus();
  for (let tabs = 0; (await focused()) === null && tabs < 8; tabs += 1) await page.keyboard.press("Tab");
  expect(await focused()).toBe("f10");
  // Its ring is within the row: the head would lie over it.
  const offset = await row("f10").evaluate((element) => getComputedStyle(element).outlineOffset);
  expect(offset).toBe("-2px");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  expect(await selected()).toEqual(["f10", "f9", "f8"]);
  await status("3 selected").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("End");
  expect(await focused()).toBe("f1");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("F2");
  await page.keyboard.type("Greeting");
  await page.keyboard.press("Enter");
  await row("f9").getByText("Greeting.mp3").waitFor();
  await status("Ansage.mp3 is now called Greeting.mp3").waitFor();
  expect(await focused()).toBe("f9");
  await page.keyboard.press("Delete");
  await row("f9").waitFor({ state: "detached" });
  expect(await focused()).toBe("f8");
  expect(server.trash.map(({ id }) => id)).toEqual(["f9"]);
  await page.getByRole("button", { name: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await row("f9").waitFor();
  expect(server.files.map(({ id }) => id)).toContain("f9");
  await row("f8").focus();
  // Where the list goes on below what is seen, what was done is told in what is seen.
  await page.setViewportSize({ width: 1280, height: 420 });
  await page.keyboard.press("Delete");
  await row("f8").waitFor({ state: "detached" });
  const notice = await page.locator(".cw-notice-bar").boundingBox();
  expect((notice?.y ?? 1_000) + (notice?.height ?? 0)).toBeLessThanOrEqual(420);
  await page.keyboard.press("Control+z");
  await row("f8").waitFor();
  await status("notes.md").waitFor();
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "notes.md" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menu", { name: "Actions on notes.md" }).waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(focused).toBe("f8");
});

test("by pointer: a range of boxes, and the menu of all that are chosen, which stay chosen", async () => {
  await show("?language=en");
  const box = (id: string) => row(id).getByRole("checkbox");
  await box("f9").click();
  await box("f6").click({ modifiers: ["Shift"] });
  expect(await selected()).toEqual(["f9", "f8", "f7", "f6"]);
  // Not the text between them.
  expect(await page.evaluate(() => getSelection()?.toString() ?? "")).toBe("");
  await row("f8").click({ button: "right" });
  const menu = page.getByRole("menu", { name: "Actions on the selected files" });
  expect(await menu.getByRole("menuitem", { name: "Rename" }).count()).toBe(0);
  await menu.getByRole("menuitem", { name: "Delete" }).click();
  await status("4 files moved to the trash").waitFor();
  await row("f3").click({ button: "right" });
  await page.getByRole("menu", { name: "Actions on Rechnung 2026-1187.pdf" }).waitFor();
});

test("what the server refuses comes back, and why is told", async () => {
  server.failures.set("BULK f8", { status: 403, code: "PERMISSION_REQUIRED", detail: "It isn't yours." });
  server.failures.set("PATCH /v1/files/f7", {
    status: 400,
    code: "FILE_NAME_INVALID",
    detail: "No such ending.",
  });
  await show();
  await row("f8").click({ position: { x: 400, y: 20 } });
  await page.keyboard.down("Control");
  await row("f9").click({ position: { x: 400, y: 20 } });
  await page.keyboard.up("Control");
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await status("notes.md could not be moved to the trash. It isn't yours.").waitFor();
  await row("f8").waitFor();
  await row("f9").waitFor({ state: "detached" });
  server.failures.delete("BULK f8");
  await page.getByRole("button", { name: "Try again" }).click();
  await status("notes.md moved to the trash").waitFor();
  await row("f8").waitFor({ state: "detached" });
  await row("f7").focus();
  await page.keyboard.press("F2");
  await page.keyboard.type("clients");
  await page.keyboard.press("Enter");
  await status("kunden.csv keeps its name. No such ending.").waitFor();
  await row("f7").getByText("kunden.csv").waitFor();
});

test("searched, filtered, sorted, tagged", async () => {
  await show("?dir=rtl");
  await row("f1").waitFor();
  // What is typed has its own direction; the hint before that has the page's.
  const direction = () => page.getByRole("searchbox").evaluate((field) => getComputedStyle(field).direction);
  expect(await direction()).toBe("rtl");
  await page.getByRole("searchbox").fill("rechnung");
  expect(await direction()).toBe("ltr");
  await row("f1").waitFor({ state: "detached" });
  await row("f3").waitFor();
  await page.getByRole("searchbox").fill("nothing like it");
  await page.getByText("No file matches.").waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.getByRole("button", { name: "State: All states" }).click();
  await page.getByRole("menuitemradio", { name: "Blocked" }).click();
  await row("f1").waitFor({ state: "detached" });
  await row("f3").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("columnheader", { name: "Size" }).getByRole("button").click();
  await page.locator('[role="columnheader"][aria-sort="descending"]', { hasText: "Size" }).waitFor();
  await expect.poll(() => page.locator("[data-file-id]").first().getAttribute("data-file-id")).toBe("f1");
  await row("f7").getByRole("button", { name: "Actions on kunden.csv" }).click();
  await page.getByRole("menuitem", { name: "Tags" }).click();
  await page.getByRole("textbox", { name: "New tag" }).fill("2027");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove the tag Export" }).click();
  await page.keyboard.press("Escape");
  await row("f7").getByText("2027").waitFor();
  expect(server.files.find(({ id }) => id === "f7")?.tags).toEqual(["2027"]);
});

test("a list that couldn't be loaded says so and is asked for again; an empty one says that", async () => {
  server.failures.set("GET /v1/files", { status: 403, code: "PERMISSION_REQUIRED", detail: "Not for you." });
  await show("?language=de");
  await page.getByText("Die Liste konnte nicht geladen werden. Dazu fehlt die Berechtigung.").waitFor();
  server.failures.clear();
  server.files = [];
  const isAnswered = Promise.withResolvers<void>();
  await page.route("**/v1/files?*", async (route) => {
    await isAnswered.promise;
    await route.continue();
  });
  await page.getByRole("button", { name: "Noch einmal versuchen" }).click();
  // Until it is answered, nobody knows whether there are any.
  await page.locator(".cw-skeletons").waitFor();
  expect(await page.getByText("Noch keine Dateien.").count()).toBe(0);
  isAnswered.resolve();
  await page.getByText("Noch keine Dateien.").waitFor();
});

test("the trash: restored, and deleted for good after a question", async () => {
  server.trash.push(...server.files.splice(0, 2));
  for (const file of server.trash) file.purgeAt = "2026-12-20T12:00:00Z";
  await show("?trash");
  await row("f1")
    .getByText(/^Kept until 20 Dec/)
    .waitFor();
  await row("f1").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Restore" }).click();
  await row("f1").waitFor({ state: "detached" });
  await row("f2").waitFor();
  expect(server.files.map(({ id }) => id)).toContain("f1");
});

test("in a searched trash what is found is deleted, and nothing else: not all of it, nor what was restored meanwhile", async () => {
  server.trash.push(...manyFiles(12));
  await show("?trash");
  const emptying = page.getByRole("button", { name: "Empty the trash" });
  await emptying.waitFor();
  await page.getByRole("searchbox").fill("0000");
  await row("m10").waitFor({ state: "detached" });
  expect(await emptying.count()).toBe(0);
  await row("m1").getByRole("checkbox").click();
  await row("m2").getByRole("checkbox").click();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete for good" }).click();
  const [restored] = server.trash.splice(1, 1);
  if (restored !== undefined) server.files.push(restored);
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  await status("could not be deleted for good").waitFor();
  await row("m2").waitFor({ state: "detached" });
  expect(server.files).toContain(restored);
  expect(server.trash).toHaveLength(10);
  await page.getByRole("button", { name: "Clear the search" }).click();
  await row("m10").waitFor();
  await emptying.waitFor();
});

test("the trash is emptied after a question: of what is listed and what isn't yet", async () => {
  server.trash.push(...manyFiles(250));
  await show("?trash");
  await page.getByRole("button", { name: "Empty the trash" }).click();
  await page.getByRole("dialog", { name: "Delete more than 100 files in the trash for good?" }).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  expect(server.trash).toHaveLength(250);
  await page.getByRole("button", { name: "Empty the trash" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await status("250 files deleted for good").waitFor();
  await page.getByText("The trash is empty.").waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Files");
  expect(server.trash).toHaveLength(0);
});

test("a thumbnail that can't be loaded is its type's icon, not a broken picture", async () => {
  server.files = server.files.map((file) => (file.id === "f2" ? { ...file, properties: {} } : file));
  server.failures.set("GET /v1/picture/f2", { status: 404, code: "VARIANT_NOT_FOUND" });
  await show();
  await expect.poll(() => server.seen).toContain("GET /v1/picture/f2");
  await expect.poll(() => row("f2").locator("img").count()).toBe(0);
  await row("f2").locator(".cw-file-picture > .cw-icon").waitFor();
});

test("files say what they are attached to, and are narrowed to it", async () => {
  server.files = server.files.map((file) => (file.id === "f1" ? { ...file, entityId: "c-2" } : file));
  await show("?entities");
  await row("f1").getByText("Corrib Analytics").waitFor();
  await page.getByRole("button", { name: "Attached to: Anything" }).click();
  await page.getByRole("menuitemradio", { name: "Corrib Analytics" }).click();
  await row("f2").waitFor({ state: "detached" });
  await row("f1").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await row("f2").getByText("Nordlicht").waitFor();
  // What is in the wrong place is put right.
  await row("f9").getByRole("checkbox").click();
  await row("f8").getByRole("checkbox").click();
  await page.getByRole("toolbar").getByRole("button", { name: "Attach to…" }).click();
  const question = page.getByRole("dialog", { name: "Attach 2 files to…" });
  await question.getByRole("combobox", { name: "Attached to" }).selectOption("Corrib Analytics");
  expect(await axeFindings(page, ".cw-modal")).toEqual([]);
  await question.getByRole("button", { name: "Save" }).click();
  await status("2 files attached to Corrib Analytics").waitFor();
  await row("f8").getByText("Corrib Analytics").waitFor();
  await row("f9").getByText("Corrib Analytics").waitFor();
});

test("of thousands of files those that are seen are drawn, and the end is reached page after page", async () => {
  server.files = manyFiles(1_500);
  await show();
  await row("m0").waitFor();
  const scroller = page.locator(".cw-file-scroller");
  // A page that fails is asked for again by who sees that it has.
  const lists = () => server.seen.filter((each) => each === "GET /v1/files").length;
  server.failures.set("GET /v1/files", { status: 403, code: "PERMISSION_REQUIRED" });
  await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const failed = page.getByRole("alert").filter({ hasText: "could not be loaded" });
  await failed.waitFor();
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  expect(lists()).toBe(2);
  server.failures.clear();
  await failed.getByRole("button", { name: "Try again" }).click();
  await failed.waitFor({ state: "detached" });
  const atEnd = async () => {
    await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    return row("m1499").count();
  };
  await expect.poll(atEnd, { timeout: 30_000 }).toBe(1);
  expect(await page.locator("[data-file-id]").count()).toBeLessThan(60);
  await page.getByText("1,500 files").waitFor();
});

test("what flies by has words alone, but where the keyboard is, and all of it once it stands", async () => {
  server.files = manyFiles(500);
  await show();
  await page.locator("[data-file-id] img").first().waitFor();
  await page
    .locator("[data-file-id]")
    .first()
    .click({ position: { x: 300, y: 8 } });
  const passing = await page.locator(".cw-file-scroller").evaluate(async (scroller) => {
    const WORDS_ALONE = "[data-file-id]:not(:has(input))";
    // It flies until that was seen: a list that a slow machine lets stand has all of its rows.
    for (let step = 1; scroller.querySelector(WORDS_ALONE) === null; step += 1) {
      scroller.scrollTop = (step % 9) * scroller.clientHeight;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return Array.from(scroller.querySelectorAll<HTMLElement>(WORDS_ALONE), (row) => row.dataset["fileId"]);
  });
  expect(passing).not.toContain("m0");
  await expect.poll(() => page.locator("[data-file-id]:not(:has(input))").count()).toBe(0);
});

test("what is told is shown: what is gone without a request, what has changed by one for each file or for all", async () => {
  server.files = manyFiles(90);
  const live = await withLive(page);
  await show();
  await row("m0").waitFor();
  const lists = () => server.seen.filter((each) => each === "GET /v1/files").length;
  const gone = server.files.splice(0, 40).map(idOf);
  await live.tell(...gone.map((fileId) => ({ type: "file.deleted", data: { fileId } }) as const));
  await page.getByText("50 files", { exact: true }).waitFor();
  const changed = server.files.slice(0, 50);
  for (const file of changed) file.filename = `Neu ${file.filename}`;
  const told = changed.map((file) => ({ type: "file.updated", data: { fileId: idOf(file) } }) as const);
  await live.tell(...told);
  for (const { id, filename } of changed.slice(0, 8)) await row(id).getByText(filename).waitFor();
  // For itself, when its socket was opened after that, and for what has changed.
  expect(lists()).toBeLessThanOrEqual(3);
  expect(server.seen.filter((each) => each.startsWith("GET /v1/files/")).length).toBeLessThanOrEqual(1);
});

test.each([
  ["list", "light", "en"],
  ["grid", "dark", "de"],
] as const)("axe finds nothing in the %s, %s, %s", async (view, theme, language) => {
  await page.emulateMedia({ colorScheme: theme });
  await show(`?view=${view}&theme=${theme}&language=${language}`);
  await row("f7").getByRole("checkbox").click();
  expect(await axeFindings(page)).toEqual([]);
  await row("f7").click({ button: "right" });
  await page.getByRole("menu").waitFor();
  // The library's own guards of the focus are beside it.
  expect(await axeFindings(page, ".cw-menu")).toEqual([]);
});
