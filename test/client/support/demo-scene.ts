import type { Locator, Page } from "playwright-core";
import type { FilesTexts } from "../../../client/react/texts/files-texts.ts";
import type { Texts } from "../../../client/react/texts/texts.ts";
import { fill, type Tenant } from "./demo-data.ts";
import type { DemoServer } from "./demo-server.ts";

/** How the demo is gone through: for pictures of it, for axe, and for tests. */

/** A page of the demo, in the language that it is in. */
export interface Scene {
  readonly page: Page;
  readonly server: DemoServer;
  readonly texts: Texts & FilesTexts;
}

/** One state of one page. */
export interface State {
  readonly name: string;
  readonly tenant?: Tenant;
  /** Shows it and nothing that would change by itself. */
  reach(scene: Scene): Promise<unknown>;
}

/** Fills the server with what the state's tenant has, and shows the state. */
export async function show(scene: Scene, { tenant = "usual", reach }: State): Promise<void> {
  fill(scene.server, tenant);
  Object.assign(scene.server, { givesTokens: true, checkMs: 300 });
  Object.assign(scene.server.tus, { speed: 0, maxAppendBytes: 0 });
  await reach(scene);
  await scene.page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
}

/** Opens a page by its place, and waits for what it is known by. */
export async function open({ page, server }: Scene, place: string, until: string): Promise<void> {
  await page.goto(`${server.origin}/#${place}`);
  await page.locator(until).first().waitFor();
}

export const FILE = "[data-file-id]";
export const MIB = 1024 * 1024;

export const row = (page: Page, id: string): Locator => page.locator(`[data-file-id="${id}"]`);
export const uploads = (page: Page): Locator => page.locator(".cw-upload-list li");

export function pdf(name: string, sizeBytes = 10) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

export function choose(page: Page, files: readonly ReturnType<typeof pdf>[]): Promise<void> {
  return page.locator('input[data-cw="files"]').setInputFiles(files);
}

/** Files that are made on the page: so large that some of them is on its way for a while. */
export function chooseLarge(page: Page, sizesMib: Readonly<Record<string, number>>): Promise<void> {
  return page.evaluate((sizes) => {
    const chosen = new DataTransfer();
    for (const [name, sizeMib] of Object.entries(sizes)) {
      const bytes = new Uint8Array(sizeMib * 1024 * 1024);
      chosen.items.add(new File([bytes], name, { type: "application/pdf" }));
    }
    const input = document.querySelector<HTMLInputElement>('input[data-cw="files"]');
    if (input === null) throw new Error("There is no input.");
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, sizesMib);
}
