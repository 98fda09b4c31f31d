import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildDemo } from "./support/built-demo.ts";
import { fill } from "./support/demo-data.ts";
import { choose, MIB, pdf, row, uploads } from "./support/demo-scene.ts";
import { settle } from "./support/demo-server.ts";
import { usePageScene } from "./support/page-scene.ts";

const { server, context, page, newContext } = usePageScene(buildDemo, {
  viewport: { width: 1280, height: 900 },
});

const open = (place: string) => page.goto(`${server.origin}/#${place}`);
const told = (text: string) => page.getByRole("status").filter({ hasText: text }).first().waitFor();
const storedBytes = () => server.tus.uploads.get("file1")?.bytes.length;

test("what is attached is sent, checked and listed; deleted, it can be had back", async () => {
  server.checkMs = 600_000;
  await open("/contacts/c-1002");
  await page.getByText("No files yet.").waitFor();
  await choose(page, [pdf("offer.pdf", 3 * MIB)]);
  await uploads(page).getByText("Checking for viruses").waitFor();
  for (const file of server.files) settle(file);
  await row(page, "file1").getByText("Ready").waitFor();
  expect(server.files[0]).toMatchObject({ entityType: "contact", entityId: "c-1002" });
  await row(page, "file1").getByRole("button", { name: "Actions on offer.pdf" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await told("offer.pdf moved to the trash");
  await row(page, "file1").waitFor({ state: "detached" });
  expect(server.files).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).click();
  await row(page, "file1").waitFor();
  await expect.poll(() => server.files.length).toBe(1);
});

test("malware is named and can't be had; what breaks a rule isn't begun", async () => {
  await open("/contacts/c-1002");
  await page.getByText("No files yet.").waitFor();
  await choose(page, [pdf("run.exe"), pdf("eicar.pdf")]);
  await page.getByText('Files ending in ".exe" are not accepted.').waitFor();
  await row(page, "file1").getByText("Blocked: contains Eicar-Test-Signature").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  await row(page, "file1").getByRole("button", { name: "Actions on eicar.pdf" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).waitFor();
  expect(await page.getByRole("menuitem", { name: /Download|Share/ }).count()).toBe(0);
});

test("without a connection it is said that uploads wait, once; they go on by themselves", async () => {
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await open("/contacts/c-1002");
  await choose(page, [pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(storedBytes).toBe(MIB);
  await context.setOffline(true);
  await uploads(page).getByText("Waiting for your connection").waitFor();
  await told("offer.pdf: Waiting for your connection");
  await context.setOffline(false);
  await row(page, "file1").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
});

test("after a reload an upload is offered to be continued where it was, on its contact alone", async () => {
  // As in browsers that keep no handles; on disk, because the file has to be the same with its time.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showOpenFilePicker"));
  const directory = await mkdtemp(join(tmpdir(), "causeway-file-"));
  const path = join(directory, "offer.pdf");
  await writeFile(path, Buffer.alloc(2 * MIB, "x"));
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await open("/contacts/c-1002");
  await page.locator('input[data-cw="files"]').setInputFiles(path);
  await expect.poll(storedBytes).toBe(MIB);
  await page.reload();
  // Elsewhere it is told where.
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("link", { name: /^1 unfinished upload, at / }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  await (await chooser).setFiles(path);
  await row(page, "file1").getByText("Ready").waitFor();
  expect(server.tus.seen.filter((request) => request.method === "PATCH").at(-1)?.offset).toBe(String(MIB));
  await rm(directory, { recursive: true });
});

test("a phone isn't told to drop files, and what the menu counts makes its page no wider", async () => {
  fill(server, "usual");
  const phone = await newContext({
    ...{ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true },
    locale: "de-DE",
  });
  const mobile = await phone.newPage();
  await mobile.goto(`${server.origin}/#/contacts/c-1001`);
  await mobile.getByRole("button", { name: "Dateien auswählen" }).waitFor();
  expect(await mobile.getByText("hier ablegen").isVisible()).toBe(false);
  await mobile.getByText("3 gesperrt").waitFor({ state: "attached" });
  expect(await mobile.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await phone.close();
});

test("uploads are told on other pages with the way back, and asked about before somebody else signs in", async () => {
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await open("/contacts/c-1002");
  await choose(page, [pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(storedBytes).toBe(MIB);
  expect(await page.locator(".running-uploads").count()).toBe(0);
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("link", { name: "1 upload not finished yet" }).waitFor();
  await context.setOffline(true);
  await page.getByRole("link", { name: "1 upload waits for the connection" }).waitFor();
  await page.getByLabel("Signed in as").selectOption("acme/bob");
  const dialog = page.getByRole("dialog", { name: "Stop 1 upload?" });
  await dialog.getByRole("button", { name: "Stay" }).click();
  expect(await page.getByLabel("Signed in as").inputValue()).toBe("acme/ann");
  await page.getByRole("link", { name: "1 upload waits for the connection" }).click();
  await context.setOffline(false);
  await row(page, "file1").getByText("Ready").waitFor();
  const problem = { code: "FORBIDDEN", title: "You may not upload here", status: 403 };
  server.tus.next("POST", { status: 403, problem });
  await choose(page, [pdf("more.pdf")]);
  await uploads(page)
    .getByText(/Stopped|Not accepted/)
    .waitFor();
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("link", { name: "1 upload has stopped, at Yusuf Demir" }).waitFor();
});

test("asks for a token where the server gives none, and uses it", async () => {
  server.givesTokens = false;
  await open("/files");
  await page.getByRole("textbox", { name: "Token" }).fill("pasted");
  const listed = page.waitForRequest((request) => request.url().includes("/v1/files?"));
  await page.getByRole("button", { name: "Use this token" }).click();
  expect((await listed).headers()["authorization"]).toBe("Bearer pasted");
});

test("who signs in as somebody else sees what is that one's, and no contact of another tenant's", async () => {
  await open("/contacts/c-1001");
  await page.getByRole("heading", { name: "Hildegard Brandt-Oberhauser" }).waitFor();
  await page.getByLabel("Signed in as").selectOption("globex/gil");
  await page.getByText("Tomás Iglesias").waitFor();
  expect(await page.getByText("Hildegard Brandt-Oberhauser").count()).toBe(0);
  await page.getByLabel("Signed in as").selectOption("globex/hana");
  await page.getByRole("link", { name: "Quarantine" }).waitFor({ state: "detached" });
});

const DATE = /\b(\d{1,2} [A-Z][a-z]{2,3}\b( \d{4})?|today|yesterday)(, \d\d:\d\d)?/g;

/** What screen readers find there, without what differs from one run to the next. */
async function treeOf(part: string): Promise<string> {
  const tree = await page.locator(part).ariaSnapshot();
  return tree
    .replaceAll(/:?\n *- \/url: .*/g, "")
    .replaceAll(/[\d.]+\s(bytes|KB|MB|GB)/g, "SIZE")
    .replaceAll(DATE, "DATE")
    .replaceAll(/http:[^\s"]+/g, "URL");
}

test("what screen readers find on a contact's page, among files, on a file's page, and in dialogs", async () => {
  fill(server, "usual");
  server.files = server.files.filter(({ id }) => id === "f1" || id === "f3");
  server.admin.blocked.splice(1);
  const trees: string[] = [];
  const look = async (name: string, part = "main") => {
    trees.push(`# ${name}`, await treeOf(part), "");
  };
  await open("/contacts/c-1001");
  await row(page, "f1").waitFor();
  await page.getByText(/^Documents up to/).waitFor();
  await look("contact");
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByText("By", { exact: true }).waitFor();
  await row(page, "f1").waitFor();
  await page.getByRole("meter").waitFor();
  await look("files", ".cw-files");
  await row(page, "f1").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Share" }).click();
  await page.locator(".cw-share-link").first().waitFor();
  await look("share", "[role=dialog]");
  await open("/files/f1");
  await page.locator("img.cw-page").first().waitFor();
  await page.getByText("Version 2").waitFor();
  await page.getByText("1 link works for people outside.").waitFor();
  await page.getByText("Nobody has opened or downloaded it").waitFor();
  await look("file");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).waitFor();
  await look("rename", "[role=dialog]");
  await open("/quarantine");
  await page.getByText("340 of about 812 files").waitFor();
  await page.getByRole("button", { name: "Release Rechnung 2026-1187.pdf" }).waitFor();
  await look("quarantine");
  await expect(trees.join("\n")).toMatchFileSnapshot("support/demo-trees.txt");
});

test("who comes back to the files finds what was looked for; a file's page leads to its contact, and to what makes room", async () => {
  fill(server, "usual");
  server.quota = { ...server.quota, level: "critical" };
  await open("/files");
  const search = page.getByRole("searchbox");
  await search.fill("rahmen");
  await row(page, "f2").waitFor({ state: "detached" });
  await row(page, "f1").getByRole("button", { name: "Rahmenvertrag 2026.pdf", exact: true }).click();
  await page.getByRole("link", { name: "Open its own page" }).click();
  await page.getByText(/version 3, changed .*; first uploaded by Ann Lindqvist/).waitFor();
  const contact = page.locator(".page-above").getByRole("link", { name: "Hildegard Brandt-Oberhauser" });
  expect(await contact.getAttribute("href")).toBe("#/contacts/c-1001");
  await page.goBack();
  await row(page, "f1").waitFor();
  expect(await search.inputValue()).toBe("rahmen");
  expect(await row(page, "f2").count()).toBe(0);
  await page.getByRole("link", { name: "Make room" }).click();
  await row(page, "f2").waitFor();
  await page.locator('[role="columnheader"][aria-sort="descending"]', { hasText: "Size" }).waitFor();
  await page.getByText("What you delete takes room until it is removed from the trash, too.").waitFor();
  const storage = page.getByRole("region", { name: "Storage" });
  expect(await storage.getByRole("listitem").allInnerTexts()).toEqual([
    expect.stringMatching(/^Files 2\sGB$/),
    expect.stringMatching(/^Earlier versions 717\sMB$/),
    expect.stringMatching(/^Trash 307\sMB$/),
  ]);
  const links = storage.getByRole("link");
  expect(await links.allInnerTexts()).toEqual([
    expect.stringMatching(/^Empty the trash \(307\sMB\)$/),
    "Make room",
  ]);
  await links.first().click();
  await page.getByText(/What everybody here has deleted takes 307\sMB of the storage's 10\sGB/).waitFor();
});

test("of what was released an admin is told by whom, why, what had been found, and who had the file", async () => {
  fill(server, "usual");
  for (const file of server.files) if (file.id === "f1") file.verdict.engine = "person";
  const release = {
    ...{ id: "2", at: "2026-11-20T10:00:00Z", action: "version.released", fileId: "f1", version: 3 },
    ...{ actor: { id: "ann", kind: "admin" }, requestId: null },
    detail: {
      reason: "The sender has confirmed it.",
      was: "infected",
      signatureName: "Eicar-Test-Signature",
    },
  };
  const blocked = {
    ...{ ...release, id: "1", at: "2026-11-20T09:31:00Z", action: "file.checked" },
    ...{ actor: { id: "processor", kind: "processor" }, detail: { verdict: "infected" } },
  };
  const read = (id: string, kind: string, action: string, detail: object) => ({
    ...{ ...release, at: `2026-11-20T11:0${id}:00Z`, id, action, actor: { id: kind, kind }, detail },
  });
  const reads = [
    read("3", "share-link", "file.read", { variant: "original" }),
    read("4", "signed-url", "file.read", { variant: "thumbnail" }),
    {
      ...read("5", "member", "signed-url.created", { variants: "original" }),
      actor: { id: "bob", kind: "member" },
    },
    { ...read("6", "member", "file.read", { variant: "original" }), actor: { id: "bob", kind: "member" } },
    {
      ...read("7", "admin", "signed-url.created", { variants: "thumbnail" }),
      actor: { id: "ann", kind: "admin" },
    },
  ];
  await page.route("**/v1/admin/audit?*", (route) => {
    const action = new URL(route.request().url()).searchParams.get("action");
    const items = [release, blocked, ...reads].filter((each) => each.action === action);
    return route.fulfill({ json: { items, nextCursor: null } });
  });
  await open("/files/f1");
  await page
    .getByText(
      /Blocked 20 Nov.*: the check found Eicar-Test-Signature\. Released by Ann Lindqvist: “The sender has confirmed it\.”/,
    )
    .waitFor();
  const readers = page.locator(".readers > li");
  await readers.first().waitFor();
  expect(await readers.allInnerTexts()).toEqual([
    expect.stringMatching(/^Bob Okafor 2 times, last 20 Nov/),
    expect.stringMatching(/^By links for people outside once, 20 Nov/),
  ]);
  await page.getByLabel("Signed in as").selectOption("acme/bob");
  await page.getByText("Released by an admin, against its check").waitFor();
  expect(await page.locator(".file-release, .readers").count()).toBe(0);
});
