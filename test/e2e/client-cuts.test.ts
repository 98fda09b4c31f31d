import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { newCaller } from "../support/api.ts";
import { launchProfile } from "../support/browser.ts";
import { newKillableStack } from "../support/killable/stack.ts";
import { openLine } from "../support/line.ts";
import { newDirectory } from "../support/new-directory.ts";
import { listedFiles } from "../support/tus.ts";
import { choose, reachState, signIn, useUploadingPage } from "../support/uploading-pages.ts";
import { makeVideo } from "../support/video.ts";

const SIZE_BYTES = 100_000_000;

const crm = useUploadingPage();

/** A file on disk, a stack of its own that can be killed, and a line to it that counts. */
async function prepare() {
  const [stack, directory] = await Promise.all([newKillableStack(), newDirectory("causeway-cuts-")]);
  onTestFinished(() => stack.remove());
  await stack.start();
  const line = await openLine(new URL(stack.url));
  onTestFinished(() => line.close());
  const bytes = makeVideo(SIZE_BYTES);
  const path = join(directory, "film.mp4");
  await writeFile(path, bytes);
  const caller = await newCaller({ stack });
  return { stack, line, bytes, path, caller, profile: join(directory, "profile") };
}

type Scene = Awaited<ReturnType<typeof prepare>>;

/** A user's browser, in which the file is chosen again whenever its page is new. */
class UserBrowser {
  readonly #scene: Scene;
  #context: BrowserContext | undefined;
  #page: Page | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error("The browser isn't open.");
    return this.#page;
  }

  async open(): Promise<void> {
    this.#context = await launchProfile(this.#scene.profile);
    this.#page = await this.#context.newPage();
    await this.#begin();
  }

  async close(): Promise<void> {
    await this.#context?.close();
  }

  async reloadTab(): Promise<void> {
    await this.page.reload();
    await this.#begin();
  }

  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** The device has no network for a while, and what was in flight is lost. */
  async loseNetwork(): Promise<void> {
    await this.#scene.line.downLosing();
    await this.#context?.setOffline(true);
    await reachState(this.page, "offline");
    this.#scene.line.up();
    await this.#context?.setOffline(false);
  }

  async #begin(): Promise<void> {
    const { line, caller, path } = this.#scene;
    // Whoever chooses a file again takes longer than what was sent takes to arrive.
    await line.quiet();
    await signIn(this.page, crm.url, { endpoint: line.url, tenantId: caller.tenantId, token: caller.token });
    await choose(this.page, path);
  }
}

/** Whether the one object in the store is these bytes. */
async function isStored({ stack, bytes }: Scene): Promise<boolean> {
  const objects = await stack.listObjects();
  let at = 0;
  for await (const chunk of await stack.readObject(objects[0]?.key ?? "")) {
    if (!bytes.subarray(at, at + chunk.byteLength).equals(chunk)) return false;
    at += chunk.byteLength;
  }
  return objects.length === 1 && at === bytes.byteLength;
}

const CUTS = [
  ...["network", "tab", "server", "network", "browser"],
  ...["tab", "network", "tab", "browser", "network"],
] as const;

/**
 * What is counted is all that left the browser, heads of requests among it. Of that each loss of the network loses what the
 * line took last, up to 64 KiB; a real network may have more in flight. What a tab or a browser sent before it went arrives,
 * as the systems deliver what they have. A server that is killed takes with it what it
 * has in memory of the part that is coming, 8 MiB at most however large the file is: it is killed when it has just answered.
 */
test("100 MB over ten cuts, of network, server, tab and browser, arrive whole with 2 % sent again at most", async () => {
  const scene = await prepare();
  const { line, stack } = scene;
  const browser = new UserBrowser(scene);
  onTestFinished(() => browser.close());
  await browser.open();
  const cuts: Readonly<Record<string, () => Promise<void>>> = {
    network: () => browser.loseNetwork(),
    tab: () => browser.reloadTab(),
    browser: () => browser.restart(),
    async server() {
      await line.stopAtAnswer("PATCH");
      await stack.kill();
      await stack.start();
      line.up();
    },
  };
  for (const [index, what] of CUTS.entries()) {
    await line.sent((index + 1) * 9_000_000);
    await cuts[what]?.();
  }
  const state = await reachState(browser.page, "uploaded", "failed", "refused");
  expect(state).toMatchObject({ kind: "uploaded", version: 1 });
  expect(line.sentBytes).toBeLessThanOrEqual(1.02 * SIZE_BYTES);
  expect(await isStored(scene)).toBe(true);
  expect(await listedFiles(scene.caller)).toHaveLength(1);
}, 240_000);
