import { rm } from "node:fs/promises";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { launchChromium } from "../../support/browser.ts";
import { type DemoServer, startDemoServer } from "./demo-server.ts";

/** A page and what it asks, of one test. */
interface Scene {
  readonly server: DemoServer;
  readonly context: BrowserContext;
  readonly page: Page;
}

/**
 * Gives each test of a file a page of its own. What is returned stands for that test's.
 * @param build makes what is served; its directory is removed at the end
 */
export function usePageScene(build: () => Promise<string>, options: BrowserContextOptions = {}) {
  let scene: Scene | undefined;
  let builtDir: string;
  let browser: Browser;

  beforeAll(async () => {
    [builtDir, browser] = await Promise.all([build(), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await rm(builtDir, { recursive: true });
  });
  beforeEach(async () => {
    const server = await startDemoServer(builtDir);
    const context = await browser.newContext(options);
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
  return {
    ...{ server, context, page },
    /** As Playwright knows it, where that takes a page. */
    currentPage: () => currentOf("page"),
    newContext: (of: BrowserContextOptions) => browser.newContext(of),
  };
}
