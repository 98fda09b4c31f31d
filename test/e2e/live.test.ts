import { expect, onTestFinished, test } from "vitest";
import type { Live, LiveEvent, LiveOptions, LiveReset, LiveState } from "../../client/index.ts";
import { ApiError, createLive } from "../../client/index.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, sharedStack, uploadFile } from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { newTicket } from "../support/live.ts";

const HELLO = Buffer.from("hello");

/** A page's live status, and what it was told. */
class Page {
  readonly live: Live;
  readonly told: (LiveEvent | LiveReset)[] = [];
  readonly states: LiveState[] = [];

  constructor(caller: Caller, options: Partial<LiveOptions> = {}) {
    const getTicket = () => newTicket(caller);
    this.live = createLive({ getTicket, retryBaseMs: 10, ...options });
    this.live.watchState((state) => this.states.push(state));
    onTestFinished(this.live.subscribe((event) => this.told.push(event)));
  }

  async reaches(state: LiveState): Promise<void> {
    await expect.poll(() => this.live.state).toBe(state);
  }

  /** How often each of these files was told to be ready. */
  readyCounts(fileIds: readonly string[]): readonly number[] {
    const ready = this.told.flatMap((event) =>
      event.type === "file.ready" && "fileId" in event.data ? [String(event.data.fileId)] : [],
    );
    return fileIds.map((fileId) => ready.filter((each) => each === fileId).length);
  }

  get resets(): number {
    return this.told.filter(({ type }) => type === "reset").length;
  }
}

test("a page whose connection is cut goes on by itself, and is told everything once", async () => {
  const ann = await newCaller();
  const proxies = [await startCuttingProxy(new URL(sharedStack().url), [])];
  const openSocket = (url: string) => {
    const proxy = proxies.at(-1);
    return new WebSocket(proxy === undefined ? url : url.replace(new URL(url).host, new URL(proxy.url).host));
  };
  const page = new Page(ann, { openSocket });
  await page.reaches("open");
  const before = await uploadFile(ann, HELLO);
  await expect.poll(() => page.readyCounts([before])).toEqual([1]);
  const cut = proxies.pop();
  const uploading = Promise.all(["one", "two"].map((text) => uploadFile(ann, Buffer.from(text))));
  await cut?.close();
  const fileIds = [before, ...(await uploading)];
  await expect.poll(() => page.readyCounts(fileIds)).toEqual([1, 1, 1]);
  expect(page.resets).toBe(1);
  expect(page.states).toEqual(["connecting", "open", "connecting", "open"]);
});

test("a page that is hidden for long leaves, and is told what it missed when it is shown", async () => {
  const ann = await newCaller();
  let isHidden = false;
  const watchers = new Set<() => void>();
  const turn = (hidden: boolean) => {
    isHidden = hidden;
    for (const watcher of watchers) watcher();
  };
  const visibility = { isHidden: () => isHidden, watch: (watcher: () => void) => void watchers.add(watcher) };
  const page = new Page(ann, { visibility, hiddenMs: 0 });
  await page.reaches("open");
  turn(true);
  await page.reaches("closed");
  const fileId = await uploadFile(ann, HELLO);
  expect(page.readyCounts([fileId])).toEqual([0]);
  turn(false);
  await expect.poll(() => page.readyCounts([fileId])).toEqual([1]);
  expect(page.resets).toBe(1);
});

test("where there are no sockets it is polled, and told that it is", async () => {
  const refused = new Page(await newCaller(), {
    getTicket: async () => {
      throw new ApiError({ type: "about:blank", title: "no", status: 403, code: "ROLE_REQUIRED" });
    },
  });
  await refused.reaches("polling");
  expect(refused.resets).toBe(1);
  // Whose network lets no WebSocket through.
  const openSocket = () => new WebSocket("ws://127.0.0.1:1/");
  const barred = new Page(await newCaller(), { openSocket });
  await barred.reaches("polling");
  // Again and again: while sockets are tried, too.
  await expect.poll(() => barred.resets).toBeGreaterThan(3);
});

test("whoever waits for a file goes on when it changes", async () => {
  const ann = await newCaller();
  const page = new Page(ann);
  await page.reaches("open");
  const fileId = await uploadFile(ann, HELLO);
  await expect.poll(() => page.readyCounts([fileId])).toEqual([1]);
  const waiter = page.live.waiterFor(fileId);
  const waiting = waiter.wait(600_000, new AbortController().signal);
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect(await waiting).toBe(true);
  expect(await waiter.wait(60_000, AbortSignal.abort())).toBe(false);
  waiter.stop();
});
