import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { axeFindings } from "../../support/axe.ts";
import { launchChromium } from "../../support/browser.ts";
import { buildFilesPage } from "../../support/files-page.ts";
import { type FilesServer, startFilesServer } from "./files/files-server.ts";
import { derivative, storedFile, variedFiles } from "./files/stored-files.ts";
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
  for (const each of [server.trash, server.seen]) each.length = 0;
  for (const each of [server.failures, server.contents, server.shares, server.links]) each.clear();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
});

afterEach(() => context.close());

const show = (query = "") => page.goto(`${server.origin}/${query}`);
const dialog = () => page.getByRole("dialog");
const open = (name: string) => page.getByRole("button", { name, exact: true }).click();
const status = (text: string) => page.getByRole("status").filter({ hasText: text });

const MARKDOWN = `# Minutes

Hello **all** <script>document.title = "ran"</script><img src="/v1/picture/spy" onerror="document.title = 'ran'">

[fine](https://crm.example) [not](javascript:document.title="ran") ![seen](/v1/picture/spy)
<form action="/x"><input name="password"></form><p style="position:fixed" onclick="x()">styled</p>
`;

test("arrow keys go through the files, and each says what it is or why it isn't shown", async () => {
  server.contents.set("f7/original", { type: "text/csv", body: 'Kunde;Ort\n"Brandt; Söhne";Hamburg\n' });
  server.contents.set("f8/original", { type: "text/markdown", body: MARKDOWN });
  await show();
  await open("Angebot.docx");
  await status("The preview could not be made").waitFor();
  await status("The document is damaged.").waitFor();
  await page.keyboard.press("ArrowRight");
  await dialog()
    .and(page.getByRole("dialog", { name: "Ansage.mp3" }))
    .waitFor();
  await page.keyboard.press("ArrowRight");
  const text = page.getByRole("region", { name: "Text: notes.md" });
  await text.getByRole("heading", { name: "Minutes" }).waitFor();
  await page.keyboard.press("ArrowRight");
  await page
    .getByRole("region", { name: "Table: kunden.csv" })
    .getByRole("cell", { name: "Brandt; Söhne" })
    .waitFor();
  await status("4 of 10").waitFor();
  await page.keyboard.press("ArrowLeft");
  await text.waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  // The keyboard is at what was looked at last.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-file-id")))
    .toBe("f8");
});

test("Markdown does nothing and fetches nothing", async () => {
  server.contents.set("f8/original", { type: "text/markdown", body: MARKDOWN });
  await show("?open=f8");
  const text = page.getByRole("region", { name: "Text: notes.md" });
  await text.getByText("styled").waitFor();
  expect(await text.locator("script, img, form, input, [style], [onclick]").count()).toBe(0);
  expect(await text.getByText("fine").getAttribute("rel")).toBe("noopener noreferrer nofollow");
  expect(await text.getByText("not", { exact: true }).getAttribute("href")).toBeNull();
  expect(server.seen).not.toContain("GET /v1/picture/spy");
  expect(await page.title()).toBe("Files");
});

const IN_PART = "Only the first part is shown. Download the file to see all of it.";

test("no text holds the page up or takes it down: what is too much of it is left out, and said to be", async () => {
  server.contents.set("f8/original", { type: "text/markdown", body: ">".repeat(3_000) });
  await show("?open=f8");
  await page.getByRole("region", { name: "Text: notes.md" }).getByText(">>>").first().waitFor();
  server.contents.set("f8/original", { type: "text/markdown", body: "_a".repeat(500_000) });
  await show("?open=f8");
  await page.getByText(IN_PART).waitFor();
  server.contents.set("f7/original", { type: "text/csv", body: "a,".repeat(100_000) });
  await show("?open=f7");
  await page.getByText(IN_PART).waitFor();
  const table = page.getByRole("region", { name: "Table: kunden.csv" });
  expect(await table.getByRole("columnheader").count()).toBe(100);
  // Of an export of 4 kB, as its record says: the rest isn't even read.
  server.files.push(storedFile("t1", "both ways.txt", { mimeType: "text/plain" }));
  server.contents.set("t1/original", { type: "text/plain", body: "\u202E\u202D".repeat(250_000) });
  await show("?open=t1");
  await page.getByText(IN_PART).waitFor();
  const text = await page
    .getByRole("region", { name: "Text: both ways.txt" })
    .locator("pre")
    .allTextContents();
  expect(Buffer.byteLength(text.join(""))).toBeLessThanOrEqual(200_000);
});

test("what fails at a file is kept to it", async () => {
  server.contents.set("f8/original", { type: "text/markdown", body: MARKDOWN });
  // As after a deployment that has other chunks.
  await page.route(/markdown-text/, (route) => route.abort());
  await show("?open=f8");
  await status("The preview could not be made").waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  expect(await page.getByRole("button", { name: "Angebot.docx", exact: true }).count()).toBe(1);
});

test("a file that is being checked says so until it is ready, a blocked one what it contains", async () => {
  await show("?open=f5");
  await status("Being checked for viruses").waitFor();
  expect(await dialog().getByRole("button", { name: "Download" }).count()).toBe(0);
  const checked = storedFile("f5", "Präsentation.png", {
    mimeType: "image/png",
    properties: { width: 40, height: 40 },
  });
  server.files = server.files.map((file) =>
    file.id === "f5" ? { ...checked, updatedAt: "2026-11-20T10:00:00Z" } : file,
  );
  await page.getByRole("img", { name: "Präsentation.png" }).waitFor();
  await show("?open=f3&language=de");
  await status("Gesperrt: enthält Eicar-Test-Signature").waitFor();
});

test("an image is enlarged and moved by keys and buttons, and arrow keys are its own while it is", async () => {
  await show();
  await open("Werksbesichtigung Hamburg.jpg");
  const frame = page.getByRole("group", { name: "Image: Werksbesichtigung Hamburg.jpg" });
  await page.locator(".cw-preview-image[data-shown]").waitFor();
  const moved = () => page.locator(".cw-zoomed").getAttribute("style");
  expect(await moved()).toContain("scale(1)");
  await frame.focus();
  await page.keyboard.press("+");
  expect(await moved()).toContain("scale(1.5)");
  await page.keyboard.press("ArrowRight");
  expect(await moved()).toContain("translate(-60px, 0px)");
  await page.getByRole("button", { name: "Zoom out" }).click();
  expect(await moved()).toContain("scale(1)");
  await frame.focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("dialog", { name: /^Donaudampf/ }).waitFor();
});

test("an image whose address doesn't serve is shown by another one, and asked for again by hand after that", async () => {
  const images = "**/v1/picture/f2?variant=optimized";
  await page.route(images, (route) => route.abort(), { times: 1 });
  await show("?open=f2");
  const shown = page.locator(".cw-preview-image[data-shown]");
  await shown.waitFor();
  await page.route(images, (route) => route.abort());
  await show("?open=f2");
  const again = dialog().getByRole("button", { name: "Try again" });
  await again.waitFor();
  await page.unroute(images);
  await again.click();
  await shown.waitFor();
});

test("pages are asked for until they are drawn; the end of a document is found", async () => {
  const body = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  server.files.push(
    storedFile("d1", "Bericht.odt", {
      mimeType: "application/vnd.oasis.opendocument.text",
      derivatives: [derivative("preview")],
    }),
  );
  server.making.set("d1/page-1-1200", 2);
  server.contents.set("d1/page-1-1200", { type: "image/png", body });
  server.contents.set("d1/page-2-1200", { type: "image/png", body });
  await show("?open=d1");
  await page.getByRole("img", { name: "Page 1" }).waitFor();
  await page.keyboard.press("PageDown");
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByRole("img", { name: "Page 2" }).waitFor();
  await page.getByRole("button", { name: "Next page" }).click();
  await status("Page 2 of 2").waitFor();
  expect(await page.getByRole("button", { name: "Next page" }).isDisabled()).toBe(true);
});

test("the details: facts, what happened, versions, shares", async () => {
  const version = {
    sizeBytes: 4_800_000,
    verdict: "clean",
    originalFilename: "Werksbesichtigung Hamburg.jpg",
    signatureName: null,
    reason: null,
    uploadedBy: "bob",
  };
  const createdAt = "2026-11-20T09:30:00Z";
  server.versions.set("f2", [
    { ...version, version: 2, isCurrent: true, state: "clean", createdAt },
    { ...version, version: 1, originalFilename: "Werk alt.jpg", isCurrent: false, state: "clean", createdAt },
  ]);
  server.shares.set("f2", [{ userId: "hildegard", permission: "download" }]);
  const [, photo] = server.files;
  const replica = {
    target: "frankfurt",
    state: "stored",
    storedAt: createdAt,
    tries: 0,
    error: null,
    nextTryAt: null,
  };
  photo?.replicas.push(replica);
  await show("?open=f2");
  await page.getByRole("button", { name: "Details" }).click();
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByText("1200 × 800 pixels").waitFor();
  const steps = details.getByRole("region", { name: "What happened to the file" }).getByRole("listitem");
  expect(await steps.locator(".cw-step-title").allTextContents()).toEqual([
    "Uploaded by Bob Iglesias",
    "Checked: no virus found",
    "Previews made",
    "Copied to frankfurt",
  ]);
  await details.getByText("Hildegard Brandt-Oberhauser").waitFor();
  await details
    .locator(".cw-versions li")
    .filter({ hasText: "Version 1" })
    .getByText("Werk alt.jpg")
    .waitFor();
  await details.getByRole("button", { name: "Make current: Version 1" }).click();
  await expect.poll(() => server.seen).toContain("POST /v1/files/f2/versions/1/restore");
  expect(await axeFindings(page, ".cw-preview")).toEqual([]);
});

test("what is shared of one file isn't shown under another's name", async () => {
  server.shares.set("f8", [{ userId: "bob", permission: "view" }]);
  const held = Promise.withResolvers<void>();
  await page.route("**/v1/files/f7/shares", async (route) => {
    await held.promise;
    await route.continue();
  });
  await show();
  // From then on the page hears what it is asked to share.
  await page.locator('[data-file-id="f8"]').waitFor();
  const share = (id: string, filename: string) =>
    page.evaluate((detail) => dispatchEvent(new CustomEvent("share", { detail })), { id, filename });
  await share("f8", "notes.md");
  await dialog().getByRole("button", { name: "Stop sharing with bob" }).waitFor();
  await share("f7", "kunden.csv");
  await page.getByRole("dialog", { name: "Share kunden.csv" }).waitFor();
  expect(await dialog().getByRole("button", { name: "Stop sharing with bob" }).count()).toBe(0);
  held.resolve();
  await dialog().getByText("Shared with nobody.").waitFor();
});

test("an open file follows what is told of it, but asks for nothing while a version is on its way", async () => {
  const live = await withLive(page);
  await show("?open=f8");
  const head = page.getByRole("dialog", { name: "notes.md" });
  await head.waitFor();
  await live.tell();
  const asked = () => server.seen.filter((each) => each === "GET /v1/files/f8").length;
  await expect.poll(asked).toBeGreaterThan(0);
  const fileId = idOf({ id: "f8" });
  const before = asked();
  const data = { fileId, version: 2, offsetBytes: 1, lengthBytes: 2 };
  await live.tell(...Array.from({ length: 20 }, () => ({ type: "upload.progress", data }) as const));
  for (const file of server.files) if (file.id === "f8") file.filename = "minutes.md";
  await live.tell({ type: "file.updated", data: { fileId } });
  await page.getByRole("dialog", { name: "minutes.md" }).waitFor();
  // By the open file and by the list behind it.
  expect(asked() - before).toBeLessThanOrEqual(2);
});

test("shared with people and by a link, by keyboard; copied and revoked", async () => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await show();
  await page.getByRole("button", { name: "Actions on notes.md" }).click();
  await page.getByRole("menuitem", { name: "Share" }).click();
  await dialog()
    .and(page.getByRole("dialog", { name: "Share notes.md" }))
    .waitFor();
  await page.getByRole("combobox", { name: "Person" }).fill("hilde");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await status("Shared with Hildegard Brandt-Oberhauser.").waitFor();
  expect(server.shares.get("f8")).toMatchObject([{ userId: "hildegard", permission: "download" }]);
  await page.getByRole("button", { name: /^What Hildegard Brandt-Oberhauser may do/ }).click();
  await page.getByRole("menuitemradio", { name: "Download and delete" }).click();
  await expect.poll(() => server.shares.get("f8")?.[0]?.permission).toBe("delete");
  await page.getByRole("button", { name: "Stop sharing with Hildegard Brandt-Oberhauser" }).click();
  await dialog().getByText("Shared with nobody.").waitFor();
  await page.getByLabel("Password (optional)").fill("short");
  await page.keyboard.press("Enter");
  await dialog().getByText("A password has 8 characters or more.").waitFor();
  await page.getByLabel("Password (optional)").fill("long enough");
  await page.getByLabel("Downloads at most (optional)").fill("5");
  await page.keyboard.press("Enter");
  await dialog()
    .getByText(/with a password · 0 of 5 downloads/)
    .waitFor();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    server.links.get("f8")?.[0]?.["url"],
  );
  expect(await axeFindings(page, ".cw-modal")).toEqual([]);
  await page.getByRole("button", { name: /^Revoke the link/ }).click();
  await dialog()
    .getByText(/^Revoked/)
    .waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
});

test("a name that nobody has is asked about; while it is typed, nothing is taken from screen readers", async () => {
  await show("?entities");
  await page.getByRole("button", { name: "Actions on notes.md" }).click();
  await page.getByRole("menuitem", { name: "Share" }).click();
  await dialog().getByText("Everybody who may see Nordlicht can view and download it.").waitFor();
  expect(await dialog().getByText("Shared with nobody.").count()).toBe(0);
  await page.getByRole("combobox", { name: "Person" }).pressSequentially("nobody-such");
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "Nobody here is called “nobody-such”." }).waitFor();
  expect(server.shares.get("f8") ?? []).toEqual([]);
  await page.getByRole("button", { name: "Share anyway" }).click();
  await status("Shared with nobody-such.").waitFor();
  expect(server.shares.get("f8")).toMatchObject([{ userId: "nobody-such" }]);
});

test("what a person released isn't said to have passed its check", async () => {
  server.files = server.files.map((file) =>
    file.id === "f8" ? { ...file, verdict: { ...storedFile("", "").verdict, engine: "person" } } : file,
  );
  await show("?open=f8&details&entities");
  const steps = page.getByRole("region", { name: "What happened to the file" }).getByRole("listitem");
  await steps.filter({ hasText: "Released by an admin, against its check" }).waitFor();
  expect(await steps.filter({ hasText: "Blocked by its check" }).getAttribute("data-state")).toBe("failed");
  expect(await page.getByText("no virus found").count()).toBe(0);
  // What it is attached to has its name there.
  await page.getByRole("complementary").locator("dd").getByText("Nordlicht").waitFor();
  await page.keyboard.press("Escape");
  await page
    .locator('[data-file-id="f8"]')
    .getByText("Released by an admin, though its check blocked it")
    .waitFor();
});

test.each([
  ["f3", "light", "en"],
  ["f7", "dark", "de"],
] as const)("axe finds nothing in the preview of %s, %s, %s", async (id, theme, language) => {
  server.contents.set("f7/original", { type: "text/csv", body: "Kunde;Ort\nBrandt;Hamburg\n" });
  await page.emulateMedia({ colorScheme: theme });
  await show(`?open=${id}&details&theme=${theme}&language=${language}`);
  await page.getByRole("complementary").getByRole("listitem").first().waitFor();
  expect(await axeFindings(page, ".cw-preview")).toEqual([]);
});
