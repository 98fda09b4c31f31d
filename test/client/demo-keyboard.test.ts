import type { FileChooser } from "playwright-core";
import { expect, test } from "vitest";
import { rescan } from "./support/admin-api.ts";
import { buildDemo } from "./support/built-demo.ts";
import { fill } from "./support/demo-data.ts";
import { MIB, pdf, row, uploads } from "./support/demo-scene.ts";
import { usePageScene } from "./support/page-scene.ts";

const { server, page } = usePageScene(buildDemo, { viewport: { width: 1280, height: 900 } });

const open = (place: string) => page.goto(`${server.origin}/#${place}`);
const told = (text: string) => page.getByRole("status").filter({ hasText: text }).first().waitFor();
const storedBytes = () => server.tus.uploads.get("file1")?.bytes.length;

const press = (...keys: readonly string[]) =>
  keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
const focused = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    const field = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
    const label = field ? element.labels?.[0]?.textContent : undefined;
    const name = element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "";
    return element?.getAttribute("data-file-id") ?? name;
  });

/** Tabs on until that has the focus. */
async function tabTo(name: string): Promise<void> {
  for (let tabs = 0; tabs < 40; tabs += 1) {
    if ((await focused()) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${name} is not reached by Tab; the focus is at ${await focused()}.`);
}

test("a clerk uploads without a mouse: to the contact, files chosen, paused, resumed, cancelled when asked", async () => {
  // As in browsers that choose by an input: the browser's own chooser is told of then.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "showOpenFilePicker"));
  // Listened for from here on: the browser has been told of it by the time that the key is pressed.
  const chooser = Promise.withResolvers<FileChooser>();
  page.once("filechooser", chooser.resolve);
  server.tus.next("PATCH", { stallAfterBytes: MIB });
  await open("/contacts");
  await page.getByText("Yusuf Demir").waitFor();
  await press("Tab");
  expect(await focused()).toBe("Skip to content");
  await press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await press("Tab", "Tab", "Enter");
  await page.getByRole("heading", { name: "Yusuf Demir", level: 1 }).waitFor();
  await page.getByText("No files yet.").waitFor();
  await tabTo("Choose files");
  await press("Enter");
  await (await chooser.promise).setFiles([pdf("offer.pdf", 2 * MIB)]);
  await expect.poll(storedBytes).toBe(MIB);
  await tabTo("Pause: offer.pdf");
  await press("Enter");
  await uploads(page).getByText("Paused").waitFor();
  expect(await focused()).toBe("Resume: offer.pdf");
  server.tus.next("PATCH", { stallAfterBytes: 1000 });
  await press("Enter");
  await expect.poll(focused).toBe("Pause: offer.pdf");
  await press("Tab", "Enter");
  await page.getByRole("dialog", { name: "Cancel this upload?" }).waitFor();
  await tabTo("Cancel upload");
  await press("Enter");
  await uploads(page).first().waitFor({ state: "detached" });
});

test("and works with the list: a range, a name, tags, a share, delete and undo, the preview and back", async () => {
  fill(server, "usual");
  await open("/files");
  await row(page, "f5").waitFor();
  await tabTo("f5");
  await press("ArrowDown", "Shift+ArrowDown");
  await told("2 selected");
  await press("Escape", "ArrowUp");
  expect(await focused()).toBe("f1");
  await press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await page.keyboard.type("Ren");
  await press("Enter");
  await page.getByRole("textbox", { name: "New name of" }).waitFor();
  await page.keyboard.type("Contract");
  await press("Enter");
  await told("is now called Contract.pdf");
  await expect.poll(focused).toBe("f1");
  await press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await page.keyboard.type("Tag");
  await press("Enter");
  await page.getByRole("dialog", { name: "Tags of Contract.pdf" }).waitFor();
  await tabTo("New tag");
  await page.keyboard.type("signed");
  await press("Enter");
  await expect.poll(() => server.files.find(({ id }) => id === "f1")?.tags).toContain("signed");
  await press("Escape");
  await expect.poll(focused).toBe("f1");
  await press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await page.keyboard.type("Sha");
  await press("Enter");
  const sharing = page.getByRole("dialog", { name: "Share Contract.pdf" });
  await sharing.getByText("Bob Okafor").waitFor();
  await tabTo("Create link");
  await press("Enter");
  await expect.poll(() => server.links.get("f1")?.length).toBe(3);
  await press("Escape");
  await expect.poll(focused).toBe("f1");
  await press("Delete");
  await told("Contract.pdf moved to the trash");
  await tabTo("Undo");
  await press("Enter");
  await row(page, "f1").waitFor();
});

test("and looks: a file opens, arrows go to the next, Escape brings the focus back", async () => {
  fill(server, "usual");
  await open("/files");
  await row(page, "f5").waitFor();
  await tabTo("f5");
  await press("ArrowDown", "Enter");
  const dialog = (name: string) => page.getByRole("dialog", { name });
  await dialog("Rahmenvertrag 2026.pdf").waitFor();
  await press("ArrowRight");
  await dialog("Werksbesichtigung Hamburg.jpg").waitFor();
  await press("ArrowLeft", "Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(focused).toBe("f1");
});

test("an admin releases what is harmless without a mouse: told what was found and what it means, and asked why", async () => {
  fill(server, "usual");
  server.admin.rescans = [rescan()];
  await open("/quarantine");
  await page.getByText("Found later: it had passed an earlier check.").waitFor();
  await page.getByText("Nothing found so far").waitFor();
  await page.getByRole("link", { name: "Quarantine 3 blocked" }).waitFor();
  await tabTo("Release Rechnung 2026-1187.pdf");
  await press("Enter");
  await page.getByRole("dialog", { name: "Release Rechnung 2026-1187.pdf?" }).waitFor();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The file contains malware: Eicar-Test-Signature.").waitFor();
  await dialog.getByRole("link", { name: "Hildegard Brandt-Oberhauser" }).waitFor();
  await tabTo("Release");
  await press("Enter");
  await dialog.getByText("Say why it is harmless, in 3 characters or more.").waitFor();
  expect(await focused()).toBe("Why it is harmless");
  await page.keyboard.type("The sender has confirmed it.");
  await tabTo("Release");
  await press("Enter");
  await told("Rechnung 2026-1187.pdf is released.");
  expect(server.admin.blocked.map(({ fileId }) => fileId)).toEqual(["f4", "f6"]);
  await page.getByRole("link", { name: "Quarantine 2 blocked" }).waitFor();
  // Not on the next one's button, which nobody has looked at.
  await expect.poll(focused).toBe("Rechnung 2026-1187.pdf is released. It can be opened now.");
});
