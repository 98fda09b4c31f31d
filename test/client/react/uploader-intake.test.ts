import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { axeFindings } from "../../support/axe.ts";
import { storedFile } from "./files/stored-files.ts";
import { MIB, pdf, useUploaderScene } from "./uploader-scene.ts";

const { server, context, page, rows, row, choose, open, storedBytes, stallAt, devTools } = useUploaderScene();

test("what breaks a rule is listed with it, before the rest is sent; what has no room too", async () => {
  server.rules = { ...server.rules, availableBytes: MIB };
  await open();
  await page.waitForLoadState("networkidle");
  const script = { name: "run.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") };
  await choose([script, pdf("large.pdf", 2 * MIB), pdf("fine.pdf")]);
  const refusals = page.getByRole("region", { name: "2 files not added" });
  await refusals.getByText('Files ending in ".exe" are not accepted.').waitFor();
  await refusals.getByText("There is no room for it: it needs 2 MB, and 1 MB of storage is left.").waitFor();
  await row("fine.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  await refusals.getByRole("button", { name: "Dismiss" }).click();
  await refusals.waitFor({ state: "detached" });
});

const META = { entityType: "contact", entityId: "c-1" };

/** The server has these bytes already, of another record where nothing else is said. */
function isThere(file: ReturnType<typeof pdf>, id: string, changes: object = {}): void {
  const sha256 = createHash("sha256").update(file.buffer).digest("hex");
  const elsewhere = { entityType: "deal", entityId: "7", createdAt: "2024-05-03T09:30:00Z" };
  server.files.push(storedFile(id, "Offer 2024.pdf", { sha256, ...elsewhere, ...changes }));
}

test("bytes that are there already are sent only when their user says so, by keyboard alone", async () => {
  const [offer, other] = [pdf("offer.pdf"), pdf("other.pdf")];
  isThere(offer, "there");
  await open();
  await choose([offer, other]);
  const said = "Already here: Offer 2024.pdf, attached to deal 7, uploaded by ann on 3 May 2024";
  const heard = page.getByRole("status").filter({ hasText: "offer.pdf: Already here. Upload it anyway?" });
  // At once: what is said next takes its place.
  await Promise.all([heard.waitFor(), row("offer.pdf").getByText(said).waitFor()]);
  expect(await row("offer.pdf").getByRole("link", { name: "Show it" }).getAttribute("href")).toBe("#there");
  await row("other.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(await rows().first().textContent()).toContain("offer.pdf");
  await row("offer.pdf").getByRole("button", { name: "Upload anyway: offer.pdf" }).focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(2);
  expect(await page.evaluate(() => document.activeElement?.closest("li")?.textContent)).toContain(
    "offer.pdf",
  );
  // Of the same record is the one to tell.
  isThere(offer, "here", META);
  await choose([offer]);
  const again = row("offer.pdf").filter({
    hasText: "Already here: Offer 2024.pdf, uploaded by ann on 3 May 2024",
  });
  await again.getByRole("button", { name: "Don’t upload: offer.pdf" }).focus();
  await page.keyboard.press("Enter");
  await again.waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.closest("li") !== null)).toBe(true);
  expect(server.tus.uploads.size).toBe(2);
});

test("many of them are settled at once", async () => {
  const files = ["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) => pdf(name));
  for (const [index, file] of files.entries()) isThere(file, `there${index}`);
  await open("language=de");
  await choose(files);
  const notice = page.getByRole("region", { name: "4 Dateien sind schon vorhanden" });
  await notice.waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await row("a.pdf").getByRole("button", { name: "Nicht hochladen: a.pdf" }).click();
  await page.getByRole("button", { name: "3 auslassen, die schon vorhanden sind" }).click();
  await notice.waitFor({ state: "detached" });
  await expect.poll(() => rows().count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Dateien auswählen");
  expect(server.tus.uploads.size).toBe(0);
  await choose(files.slice(0, 2));
  await page.getByRole("button", { name: "Alle trotzdem hochladen" }).click();
  await page.getByText("2 Dateien bereit", { exact: true }).waitFor();
  expect(server.tus.uploads.size).toBe(2);
});

async function folderOf(files: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-folder-"));
  await mkdir(join(directory, "Contract/Annexes"), { recursive: true });
  for (const file of files) await writeFile(join(directory, file), file);
  return directory;
}

test("a dropped folder keeps its structure, and what systems leave in it stays out", async () => {
  const directory = await folderOf(["Contract/main.txt", "Contract/.DS_Store", "Contract/Annexes/a.txt"]);
  await open();
  const devtools = await devTools();
  const data = { items: [], files: [join(directory, "Contract")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 5, y: 5, data });
  }
  await page.getByText("Drop anywhere to add the files").waitFor();
  await devtools.send("Input.dispatchDragEvent", { type: "drop", x: 5, y: 5, data });
  await row("Contract/Annexes/a.txt").getByText("Ready").waitFor();
  await row("Contract/main.txt").getByText("Ready").waitFor();
  const sent = [...server.tus.uploads.values()].map(({ metadata }) => metadata);
  expect(sent.join()).toContain(`relativePath ${btoa("Contract/Annexes/a.txt")}`);
  expect(sent).toHaveLength(2);
  await rm(directory, { recursive: true });
});

test("on a page with places of its own, each takes its files once, and what is written where it renders is no news", async () => {
  await open("own");
  const drop = (target: string, name: string) =>
    page.evaluate(
      ([selector = "", filename = ""]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([filename], filename, { type: "text/plain" }));
        const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector(selector)?.dispatchEvent(event);
      },
      [target, name],
    );
  const [own, deal] = [page.locator(".cw-uploader").first(), page.locator(".cw-uploader").last()];
  const rowsOf = (uploader: typeof own) => uploader.locator(".cw-upload-list li");
  await drop("#own-drops", "host.txt");
  await page.getByText("Dropped here: host.txt").waitFor();
  await drop("h1", "page.txt");
  await rowsOf(own).filter({ hasText: "page.txt" }).getByText("Ready").waitFor();
  await drop(".cw-uploader ~ .cw-uploader", "deal.txt");
  await rowsOf(deal).filter({ hasText: "deal.txt" }).getByText("Ready").waitFor();
  await page.getByText("1 of the deal").waitFor();
  expect([await rowsOf(own).count(), await rowsOf(deal).count(), server.tus.uploads.size]).toEqual([1, 1, 2]);
  expect(await page.evaluate(() => (globalThis as unknown as { renders: number }).renders)).toBeLessThan(100);
});

test("takes what is pasted, but not where somebody types", async () => {
  await open();
  const paste = (target: string) =>
    page.evaluate((selector) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["x"], "pasted.txt", { type: "text/plain" }));
      const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
      document.querySelector(selector)?.dispatchEvent(event);
    }, target);
  await paste("h1 + *");
  await row("pasted.txt").getByText("Ready").waitFor();
  await page.evaluate(() => document.querySelector("h1")?.after(document.createElement("textarea")));
  await paste("textarea");
  await paste("h1");
  await expect.poll(() => rows().count()).toBe(2);
});

test("continues after a reload with the same file, whatever it is called now", async () => {
  // As in browsers that keep no handles.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showOpenFilePicker"));
  const directory = await folderOf([]);
  // On disk, because the file has to be the same with its time.
  const path = join(directory, "offer.pdf");
  await writeFile(path, Buffer.alloc(2 * MIB, "x"));
  stallAt(MIB);
  await open();
  await choose(path);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  const renamed = join(directory, "renamed.pdf");
  await rename(path, renamed);
  await (await chooser).setFiles(renamed);
  await row("renamed.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(await page.getByText("from an earlier visit").count()).toBe(0);
  await rm(directory, { recursive: true });
});

test("what another tab sends isn't discarded, and is offered again when nobody sends it", async () => {
  const offer = pdf("offer.pdf", 2 * MIB);
  stallAt(MIB);
  await open();
  await choose([offer]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  await page.getByText("1 upload from an earlier visit").waitFor();
  stallAt(1000);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.locator('input[data-cw="files"]').setInputFiles([offer]);
  await expect.poll(() => storedBytes()).toBe(MIB + 1000);
  await page.getByRole("button", { name: "Discard: offer.pdf" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await page.getByText("offer.pdf is being sent by another tab, and goes on there.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Choose files");
  expect(await page.getByText("from an earlier visit").count()).toBe(0);
  expect(storedBytes()).toBe(MIB + 1000);
  await other.close();
  const isOffered = () =>
    page.evaluate(() => {
      dispatchEvent(new Event("focus"));
      return document.body.textContent.includes("1 upload from an earlier visit");
    });
  await expect.poll(isOffered).toBe(true);
});

test("what continues no upload is added only when its user says so; one file alone replaces another", async () => {
  // As in a frame of another origin.
  await page.addInitScript(() => {
    const showOpenFilePicker = () => Promise.reject(new DOMException("no", "SecurityError"));
    Object.assign(globalThis, { showOpenFilePicker });
  });
  stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  const chooseToContinue = async () => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Continue 1 upload" }).click();
    await (await chooser).setFiles([pdf("notes.pdf")]);
    return page.getByRole("dialog", { name: "This is not offer.pdf" });
  };
  // The chooser is closed, and a folder taken that is to continue nothing.
  const closed = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  await closed;
  const directory = await folderOf(["Contract/main.txt"]);
  await page.locator('input[data-cw="folder"]').setInputFiles(join(directory, "Contract"));
  await row("Contract/main.txt").getByText("Ready").waitFor();
  await rm(directory, { recursive: true });
  await row("Contract/main.txt").getByRole("button", { name: "Remove from the list" }).click();
  await expect.poll(() => rows().count()).toBe(0);
  const dialog = await chooseToContinue();
  await dialog.getByText("notes.pdf continues no unfinished upload.").waitFor();
  await dialog.getByRole("button", { name: "Don’t add" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await rows().count()).toBe(0);
  await chooseToContinue();
  await dialog.getByRole("button", { name: "Add anyway" }).click();
  await row("notes.pdf").getByText("Ready").waitFor();
  await page.getByText("1 upload from an earlier visit").waitFor();

  server.files.push(storedFile("there", "Offer.docx"));
  await open("replaces=there");
  expect(await page.locator('input[data-cw="files"]').getAttribute("multiple")).toBe(null);
  await page.getByRole("button", { name: "Choose a file" }).waitFor();
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    for (const name of ["a.txt", "b.txt"]) clipboardData.items.add(new File([name], name));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  });
  await page.getByRole("region", { name: "Nothing added" }).getByText("One file is taken here.").waitFor();
  expect(await rows().count()).toBe(0);
  await choose([pdf("offer.pdf")]);
  const other = page.getByRole("dialog", { name: "A different kind of file" });
  await other.getByText("offer.pdf would become the new version of Offer.docx").waitFor();
  await other.getByRole("button", { name: "Don’t upload" }).click();
  expect(await rows().count()).toBe(0);
});

test("what there is no room for is told once of all, and tried again: as it is known here, and as the server says", async () => {
  // Room for two: so small a file is counted with 4 KiB.
  server.rules = { ...server.rules, availableBytes: 10_000 };
  const problem = { code: "QUOTA_EXCEEDED", title: "The tenant's quota has no room for this" };
  for (const status of [403, 413]) server.tus.next("POST", { status, problem });
  await open();
  await page.waitForLoadState("networkidle");
  await choose(["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) => pdf(name)));
  const refusals = page.getByRole("region", { name: "2 files not added" });
  await refusals
    .getByText("There is no room for them: they need 8 KB, and 1.8 KB of storage is left.")
    .waitFor();
  const stopped = page.getByRole("region", { name: "There is no room for 2 files" });
  await stopped.waitFor();
  await rows().getByText("Stopped: there is no room left for it.", { exact: true }).waitFor();
  await rows().getByText("Not accepted: there is no room left for it.").waitFor();
  const makeRoom = stopped.getByRole("link", { name: "Make room" });
  expect(await makeRoom.getAttribute("href")).toBe("#trash");
  await stopped.getByRole("button", { name: "Try again" }).click();
  await page.getByText("2 files ready", { exact: true }).waitFor();
  expect(await stopped.count()).toBe(0);
  await refusals.getByRole("button", { name: "Try again" }).click();
  await page.getByText("4 files ready", { exact: true }).waitFor();
  expect(await refusals.count()).toBe(0);
});

test("continues after a reload with one click where the browser finds the file again", async () => {
  // A file of the page's own: nobody can click in the browser's chooser here.
  await page.addInitScript((sizeBytes) => {
    const open = async () =>
      (await navigator.storage.getDirectory()).getFileHandle("offer.pdf", { create: true });
    const showOpenFilePicker = async () => {
      const handle = await open();
      const stream = await handle.createWritable();
      await stream.write(new Uint8Array(sizeBytes));
      await stream.close();
      return [handle];
    };
    Object.assign(globalThis, { showOpenFilePicker });
  }, 2 * MIB);
  const problem = { code: "QUOTA_EXCEEDED", title: "There is no room left" };
  server.tus.next("POST", { status: 413, problem });
  stallAt(MIB);
  await open();
  await page.getByRole("button", { name: "Choose files" }).click();
  // It is the same file when it is sent once more.
  await row("offer.pdf").getByRole("button", { name: "Try again: offer.pdf" }).click();
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.reload();
  await page.getByText("They go on where they stopped.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Continue 1 upload" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(1);
  expect(storedBytes()).toBe(2 * MIB);
});
