import type { Page } from "playwright-core";
import { usePageScene } from "../support/page-scene.ts";
import { buildPage } from "./built-page.ts";

export const MIB = 1024 * 1024;

type Chosen = Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0];

export function pdf(name: string, sizeBytes = 10) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

/** Gives each test of a file a page of its own, and what tests do with it. What is returned stands for that test's. */
export function useUploaderScene() {
  const { server, context, page, currentPage } = usePageScene(buildPage);
  const rows = () => page.locator(".cw-upload-list").getByRole("list").getByRole("listitem");
  return {
    ...{ server, context, page, rows },
    row: (name: string) => rows().filter({ hasText: name }),
    choose: (files: Chosen) => page.locator('input[data-cw="files"]').setInputFiles(files),
    open: (query = "") => page.goto(`${server.origin}/?${query}`),
    storedBytes: (id = "file1") => server.tus.uploads.get(id)?.bytes.length,
    /** The browser's own protocol, about the page. */
    devTools: () => context.newCDPSession(currentPage()),
    stallAt: (bytes: number) => server.tus.next("PATCH", { stallAfterBytes: bytes }),
  };
}
