import type { Page } from "playwright-core";
import type { UploadState } from "../../client/index.ts";
import { servePage } from "./built-page.ts";
import { useStarted } from "./started.ts";
import type { PageOptions, UploadingPage } from "./uploading-page.ts";

/** Serves the page of `uploading-page.ts` while a file's tests run. */
export function useUploadingPage() {
  return useStarted(() => servePage('import "/test/support/uploading-page.ts";'));
}

export async function signIn(page: Page, url: string, options: PageOptions): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => "signIn" in globalThis);
  await page.evaluate((asked) => (globalThis as unknown as UploadingPage).signIn(asked), options);
}

export async function choose(page: Page, path: string): Promise<void> {
  await page.locator("input").setInputFiles(path);
}

/** Resolves with the upload's state when that is of one of these kinds. */
export async function reachState(page: Page, ...kinds: UploadState["kind"][]): Promise<UploadState> {
  const isReached = (wanted: readonly string[]) => {
    const { upload } = globalThis as unknown as UploadingPage;
    return wanted.includes(upload.state.kind);
  };
  await page.waitForFunction(isReached, kinds, { polling: 20 });
  return page.evaluate(() => (globalThis as unknown as UploadingPage).upload.state);
}
