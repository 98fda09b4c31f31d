import { expect, test } from "vitest";
import type { Uploader } from "../../../client/index.ts";
import { axeFindings } from "../../support/axe.ts";
import { settle } from "../support/demo-server.ts";
import { withLive } from "./live-page.ts";
import { MIB, pdf, useUploaderScene } from "./uploader-scene.ts";

const { server, context, page, rows, row, choose, open, storedBytes, stallAt } = useUploaderScene();

/** What is said to screen readers from now on, by any part of the page, and how far uploads are shown to have come. */
async function listen() {
  await page.evaluate(() => {
    const [said, shown]: [string[], Set<string>] = [[], new Set()];
    Object.assign(globalThis, { said, shown });
    const LIVE =
      ':is([aria-live], [role="status"], [role="alert"], [role="log"], output):not([aria-live="off"])';
    const regionsOf = ({ target, addedNodes }: MutationRecord) => {
      const around = target instanceof Element ? target : target.parentElement;
      const added = [...addedNodes].filter((node) => node instanceof Element && node.matches(LIVE));
      return [around?.closest(LIVE), ...added].filter((region) => region instanceof Element);
    };
    new MutationObserver((changes) => {
      for (const region of changes.flatMap(regionsOf)) said.push(region.textContent);
      for (const { textContent } of document.querySelectorAll(".cw-upload-facts")) shown.add(textContent);
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  const read = () =>
    page.evaluate(() => {
      const { said, shown } = globalThis as unknown as { said: string[]; shown: Set<string> };
      return { said: said.join(" "), shown: [...shown] };
    });
  return { said: async () => (await read()).said, shown: async () => (await read()).shown };
}

test("a chosen file is sent, checked and ready, is heard of, and goes when it is taken off", async () => {
  Object.assign(server.tus, { speed: 4 * MIB, maxAppendBytes: MIB / 2 });
  server.checkMs = 3_600_000;
  await open();
  const { said, shown } = await listen();
  await choose([pdf("offer.pdf", 3 * MIB)]);
  await row("offer.pdf").getByText("Checking for viruses").waitFor();
  // Its percents were on the page, and nothing of them is said.
  expect((await shown()).filter((facts) => facts.includes("%")).length).toBeGreaterThan(2);
  server.files.forEach(settle);
  await row("offer.pdf").getByText("Ready").waitFor();
  await page.getByText("1 file ready").waitFor();
  await expect.poll(said).toContain("offer.pdf: Ready");
  expect(await said()).not.toMatch(/%|MB|left/);
  await row("offer.pdf").getByRole("button", { name: "Remove from the list: offer.pdf" }).click();
  await row("offer.pdf").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Choose files");
  expect(server.files.length).toBe(1);
});

/** As a host does whose list has them by then. */
const takeOff = (filename: string) =>
  page.evaluate((name) => {
    const { uploads } = (globalThis as unknown as { client: { uploads: Uploader } }).client;
    for (const upload of [...uploads.uploads]) if (upload.file.name === name) uploads.remove(upload);
  }, filename);

/** The same, with what is rendered next. */
const takeOffNext = (filename: string) =>
  page.evaluate((name) => void (globalThis as unknown as { listed: Set<string> }).listed.add(name), filename);

/** Files are dragged over the page so, and what that changes is drawn. */
const drag = (...types: readonly string[]) =>
  page.evaluate(async (each) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.txt"));
    for (const type of each)
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true }));
    for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
  }, types);

test("whoever added two files is told of two, also when their host has taken them off the list", async () => {
  await open();
  await choose([pdf("a.pdf"), pdf("b.pdf")]);
  await page.getByText("2 files ready", { exact: true }).waitFor();
  stallAt(MIB);
  await choose([pdf("c.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes("file3")).toBe(MIB);
  const pause = row("c.pdf").getByRole("button", { name: "Pause: c.pdf" });
  const resume = row("c.pdf").getByRole("button", { name: "Resume: c.pdf" });
  await pause.click();
  await resume.waitFor();
  await takeOffNext("b.pdf");
  stallAt(1000);
  await resume.click();
  await expect.poll(() => storedBytes("file3")).toBe(MIB + 1000);
  await row("b.pdf").waitFor({ state: "detached" });
  await page.getByText("2 of 3 files uploaded").waitFor();
  // What comes and goes stands first: the others stay where they are.
  const actions = await page.locator(".cw-totals-actions button").allTextContents();
  expect(actions).toEqual(["Clear finished", "Pause all", "Cancel all"]);
  await pause.click();
  const overlay = page.getByText("Drop anywhere to add the files");
  await drag("dragenter");
  await resume.dispatchEvent("click");
  await row("c.pdf").getByText("Ready").waitFor();
  // Over another part of the page: what was being sent has ended meanwhile.
  await drag("dragenter", "dragleave");
  expect(await overlay.isVisible()).toBe(true);
  await drag("dragleave");
  expect(await overlay.isVisible()).toBe(false);
  await row("a.pdf").getByRole("button", { name: "Remove from the list: a.pdf" }).click();
  await takeOff("c.pdf");
  const filed = page.getByText("2 files are filed");
  await filed.waitFor();
  // Neither a chooser that is closed without a choice begins another batch, nor what isn't taken.
  await page.evaluate(() => {
    const showOpenFilePicker = () => Promise.reject(new DOMException("closed", "AbortError"));
    Object.assign(globalThis, { showOpenFilePicker });
  });
  await page.getByRole("button", { name: "Choose files" }).click();
  await choose([{ ...pdf("run.exe"), mimeType: "application/octet-stream" }]);
  const refused = page.getByRole("region", { name: "1 file not added" });
  await refused.waitFor();
  expect(await filed.count()).toBe(1);
  await refused.getByRole("button", { name: "Dismiss" }).click();
  // They are told where they were added, not at another record.
  const changePlace = () => page.evaluate(() => dispatchEvent(new Event("place")));
  await changePlace();
  await filed.waitFor({ state: "detached" });
  await changePlace();
  await filed.waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Choose files");
  expect(await page.getByText("are filed").count()).toBe(0);
});

test("an infected file says what it contains, above the others", async () => {
  await open();
  await choose([pdf("fine.pdf"), pdf("eicar.pdf")]);
  await row("eicar.pdf").getByText("Blocked: contains Eicar-Test-Signature").waitFor();
  await row("eicar.pdf").getByText("Nobody can open it. If it should be harmless, ask an admin").waitFor();
  await row("fine.pdf").getByText("Ready").waitFor();
  expect(await rows().first().textContent()).toContain("eicar.pdf");
});

test("many are told as they have ended, in words and to who hears it; all of them are cleared together", async () => {
  await open();
  const { said } = await listen();
  await choose([...["a.pdf", "b.pdf", "c.pdf", "d.pdf"].map((name) => pdf(name)), pdf("eicar.pdf")]);
  await page.locator(".cw-totals-words", { hasText: "4 ready · 1 blocked" }).waitFor();
  await expect.poll(said).toContain("4 ready · 1 blocked");
  expect(await said()).toContain("eicar.pdf: Blocked: contains Eicar-Test-Signature");
  expect(await said()).not.toContain("a.pdf");
  await page.getByRole("button", { name: "Clear finished" }).click();
  await expect.poll(() => rows().count()).toBe(0);
});

test("nothing is sent while it is asked whether to cancel; what has arrived stays, and is told", async () => {
  await open();
  await choose([pdf("there.pdf")]);
  await row("there.pdf").getByText("Ready").waitFor();
  stallAt(MIB);
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes("file2")).toBe(MIB);
  await page.getByRole("button", { name: "Cancel all" }).click();
  const dialog = page.getByRole("dialog", { name: "Cancel this upload?" });
  await dialog.getByText("1 file has arrived and stays.").waitFor();
  await row("offer.pdf").getByText("Paused").waitFor();
  await dialog.getByRole("button", { name: "Keep uploading" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(server.tus.uploads.size).toBe(2);
});

test("by keyboard alone: paused, resumed, and given up only when asked again", async () => {
  stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  const main = row("offer.pdf").getByRole("button").first();
  await main.focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").getByText("Paused").waitFor();
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Resume: offer.pdf");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Cancel this upload?" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Cancel: offer.pdf");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel upload" }).focus();
  await page.keyboard.press("Enter");
  await row("offer.pdf").waitFor({ state: "detached" });
  await expect.poll(() => server.tus.uploads.size).toBe(0);
});

test("waits without a connection, asks before the page is left, and goes on by itself", async () => {
  stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  const isAsked = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  expect(await isAsked()).toBe(true);
  await context.setOffline(true);
  await row("offer.pdf").getByText("Waiting for your connection").waitFor();
  await page.getByRole("status").filter({ hasText: "offer.pdf: Waiting for your connection" }).waitFor();
  await context.setOffline(false);
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(await isAsked()).toBe(false);
  expect(server.tus.uploads.size).toBe(1);
});

test("a long name is one text for search and screen readers, and shows its end", async () => {
  const name = `${"Donaudampfschifffahrtselektrizitätenhauptbetriebswerk".repeat(2)}_v12.pdf`;
  await open();
  await choose([pdf(name)]);
  await row(name).getByText(name, { exact: true }).waitFor();
  await expect.poll(() => page.locator(".cw-name").getAttribute("data-cut")).toBe("");
  const end = await page.locator(".cw-name").evaluate((e) => getComputedStyle(e, "::after").content);
  expect(end).toContain("rk_v12.pdf");
});

test("an error in a component leaves transfers running, and the panel comes back with them", async () => {
  stallAt(MIB);
  await open();
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await page.evaluate(() => dispatchEvent(new Event("fail")));
  await page.getByRole("alert").getByText("1 upload goes on meanwhile.").waitFor();
  await context.setOffline(true);
  await context.setOffline(false);
  await page.getByRole("alert").getByText("Nothing that was uploaded is lost.").waitFor();
  expect(storedBytes()).toBe(2 * MIB);
  await page.getByRole("button", { name: "Show it again" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  const told = () => page.evaluate(() => (globalThis as { told?: string[] }).told);
  await expect.poll(told).toEqual(["uploaded offer.pdf", "settled offer.pdf"]);
  await page.evaluate(() => dispatchEvent(new Event("fail")));
  await page.getByRole("button", { name: "Show it again" }).click();
  await row("offer.pdf").getByText("Ready").waitFor();
  expect(await told()).toHaveLength(2);
});

test("the storage in words, by what uses it; narrow room is said", async () => {
  server.quota = {
    ...server.quota,
    usedBytes: 9.8 * MIB * 1024,
    availableBytes: 200 * MIB,
    level: "critical",
  };
  const live = await withLive(page);
  await open();
  const quota = page.getByRole("region", { name: "Storage" });
  await quota.getByText("9.8 GB of 10 GB used").waitFor();
  await quota.getByText("Storage is nearly full.").waitFor();
  expect(await quota.getByRole("meter").getAttribute("aria-valuetext")).toMatch(/^9.8\sGB of 10\sGB used$/);
  expect(await quota.getByRole("link", { name: "Make room" }).getAttribute("href")).toBe("#trash");
  server.quota = { ...server.quota, usedBytes: MIB * 1024, level: "ok" };
  await live.tell({ type: "quota.changed", data: {} });
  await quota.getByText("1 GB of 10 GB used").waitFor();
});

test.each([
  ["language=en", "light"],
  ["language=de", "dark"],
  ["language=en&dir=rtl&theme=dark", "light"],
] as const)("axe finds nothing: %s on a %s system", async (query, colorScheme) => {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await open(query);
  stallAt(MIB);
  const script = { name: "run.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") };
  await choose([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(() => storedBytes()).toBe(MIB);
  await choose([script, pdf("eicar.pdf"), pdf("fine.pdf")]);
  await page.locator('[data-tone="danger"] >> text=Eicar').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await row("offer.pdf").getByRole("button").last().click();
  await page.getByRole("dialog").waitFor();
  expect(await axeFindings(page)).toEqual([]);
});

test("ten thousand files: a few rows are drawn, the first at once, and all are there", async () => {
  server.tus.speed = 1;
  await open();
  await page.waitForLoadState("networkidle");
  const measured = await page.evaluate(async () => {
    const longTasksMs: number[] = [];
    new PerformanceObserver((list) => {
      longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask", buffered: false });
    const chosen = new DataTransfer();
    for (let index = 0; index < 10_000; index += 1) {
      chosen.items.add(new File([`file ${index}`], `file-${index}.txt`, { type: "text/plain" }));
    }
    const input = document.querySelector<HTMLInputElement>('input[data-cw="files"]');
    if (input === null) throw new Error("There is no input.");
    input.files = chosen.files;
    await new Promise((resolve) => setTimeout(resolve));
    longTasksMs.length = 0;
    const startedMs = performance.now();
    const isThere = (selector: string, text: string) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (document.querySelector(selector)?.textContent.includes(text))
            resolve(performance.now() - startedMs);
          else requestAnimationFrame(look);
        };
        look();
      });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const firstRowMs = await isThere(".cw-upload-list li", "file-");
    const allMs = await isThere(".cw-totals-words", "10,000 files");
    return { firstRowMs, allMs, longTasksMs, rows: document.querySelectorAll(".cw-upload-list li").length };
  });
  process.stdout.write(`10,000 files: ${JSON.stringify(measured)}\n`);
  expect(measured.rows).toBeLessThan(40);
  const list = page.locator(".cw-upload-list");
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await row("file-9999.txt").waitFor();
  expect(await rows().last().getAttribute("aria-setsize")).toBe("10000");
});
