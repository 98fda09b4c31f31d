import { rm } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { launchChromium } from "../../support/browser.ts";
import { type DemoServer, startDemoServer } from "../support/demo-server.ts";
import { buildPage } from "./built-page.ts";

export const MIB = 1024 * 1024;

/** A page of the components and what it asks, of one test. */
interface Scene {
  readonly server: DemoServer;
  readonly context: BrowserContext;
  readonly page: Page;
}

type Chosen = Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0];

export function pdf(name: string, sizeBytes = 10) {
  return { name, mimeType: "application/pdf", buffer: Buffer.alloc(sizeBytes, name) };
}

/** Gives each test of a file a page of its own, and what tests do with it. What is returned stands for that test's. */
export function useUploaderScene() {
  let scene: Scene | undefined;
  let builtDir: string;
  let browser: Browser;

  beforeAll(async () => {
    [builtDir, browser] = await Promise.all([buildPage(), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await rm(builtDir, { recursive: true });
  });
  beforeEach(async () => {
    const server = await startDemoServer(builtDir);
    const context = await browser.newContext();
    scene = { server, context, page: await context.newPage() };
  });
  afterEach(async () => {
    await scene?.context.close();
    await scene?.server.close();
  });

  function currentOf<Name extends keyof Scene>(name: Name): Scene[Name] {
    if (scene === undefined) throw new Error(`There is no ${name} before a test.`);
    return scene[name];
  }

  function standFor<Name extends keyof Scene>(name: Name): Scene[Name] {
    const current = () => currentOf(name);
    return new Proxy({} as Scene[Name], {
      get(_target, member): unknown {
        const value: unknown = Reflect.get(current(), member);
        return typeof value === "function" ? value.bind(current()) : value;
      },
      set: (_target, member, value) => Reflect.set(current(), member, value),
    });
  }

  const [server, context, page] = [standFor("server"), standFor("context"), standFor("page")];
  const rows = () => page.locator(".cw-upload-list").getByRole("list").getByRole("listitem");
  return {
    ...{ server, context, page, rows },
    row: (name: string) => rows().filter({ hasText: name }),
    choose: (files: Chosen) => page.locator('input[data-cw="files"]').setInputFiles(files),
    open: (query = "") => page.goto(`${server.origin}/?${query}`),
    storedBytes: (id = "file1") => server.tus.uploads.get(id)?.bytes.length,
    /** The browser's own protocol, about the page. */
    devTools: () => context.newCDPSession(currentOf("page")),
    stallAt: (bytes: number) => server.tus.next("PATCH", { stallAfterBytes: bytes }),
  };
}
