import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { wait } from "../../client/core/wait.ts";
import type { LiveEvent, LiveOptions, LiveReset } from "../../client/index.ts";
import { ApiError, createLive } from "../../client/index.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A socket as far as a page uses it; what the server does is said by the test. */
class ScriptedSocket extends EventTarget {
  close(): void {
    this.dispatchEvent(new Event("close"));
  }
  send(): void {}
  tell(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
}

/** A page's live status over sockets that `onSocket` has the server's side of, one turn of the clock after each is opened. */
function openPage(onSocket: (socket: ScriptedSocket) => void, options: Partial<LiveOptions> = {}) {
  const page = { tickets: 0, told: [] as (LiveEvent | LiveReset)["type"][], isHidden: false };
  const watchers = new Set<() => void>();
  const live = createLive({
    getTicket: async () => {
      page.tickets += 1;
      const [expiresAt, endsAt] = [30_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
      return { url: "ws://live.example/?ticket=t", expiresAt: expiresAt ?? "", endsAt: endsAt ?? "" };
    },
    openSocket: () => {
      const socket = new ScriptedSocket();
      setTimeout(() => onSocket(socket), 1);
      return socket as unknown as WebSocket;
    },
    connection: { isOnline: () => true, watch: () => {} },
    visibility: { isHidden: () => page.isHidden, watch: (watcher) => void watchers.add(watcher) },
    ...options,
  });
  const turn = (isHidden: boolean) => {
    page.isHidden = isHidden;
    for (const watcher of watchers) watcher();
  };
  onTestFinished(live.subscribe(({ type }) => void page.told.push(type)));
  return { page, live, turn };
}

const HELLO = { type: "hello", sequence: 1, resumed: false };
const UPDATED = { type: "file.updated", data: { fileId: "f1" }, sequence: 2, at: "2026-11-20T09:30:00Z" };
const MINUTE_MS = 60_000;
const refuse = async () => {
  throw new ApiError({ type: "about:blank", title: "no", status: 403, code: "ROLE_REQUIRED" });
};

test.each([
  ["whose sockets fail", {}],
  ["that may have no ticket", { getTicket: refuse }],
])("a page %s is polled again and again, but not while it is hidden for long", async (_, options) => {
  const { page, live, turn } = openPage((socket) => socket.close(), options);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(live.state).toBe("polling");
  expect(page.told.length).toBeGreaterThanOrEqual(3);
  turn(true);
  await vi.advanceTimersByTimeAsync(6 * MINUTE_MS);
  expect(live.state).toBe("closed");
  const { tickets } = page;
  page.told.length = 0;
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(page).toMatchObject({ tickets, told: [] });
  turn(false);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(live.state).toBe("polling");
  expect(page.told.length).toBeGreaterThanOrEqual(3);
});

test("a time that is longer than a timer's, as where the page's clock is wrong, isn't over at once", async () => {
  const endsAt = "2999-01-01T00:00:00Z";
  const getTicket = async () => ({ url: "ws://live.example/?ticket=t", expiresAt: endsAt, endsAt });
  const { live } = openPage((socket) => socket.tell(HELLO), { getTicket });
  let isOver = false;
  const ended = new AbortController();
  void wait(Date.parse(endsAt), ended.signal).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(MINUTE_MS / 2);
  expect([live.state, isOver]).toEqual(["open", false]);
  ended.abort();
});

test("a server that closes each socket once it has said hello is asked ever more slowly", async () => {
  const { page, live } = openPage((socket) => {
    socket.tell(HELLO);
    socket.close();
  });
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(page.tickets).toBeLessThan(40);
  expect(live.state).toBe("polling");
});

test("a socket that was open for some time is opened again at once, whatever failed before", async () => {
  let opened = 0;
  const { page } = openPage((socket) => {
    opened += 1;
    if (opened < 4) return socket.close();
    socket.tell(HELLO);
    setTimeout(() => socket.close(), MINUTE_MS / 2);
  });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(page.tickets).toBe(4);
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(page.tickets).toBeGreaterThanOrEqual(12);
});

test("a listener that throws keeps nothing from those behind it", async () => {
  const thrown: unknown[] = [];
  const microtask = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((call) => {
    try {
      call();
    } catch (error) {
      thrown.push(error);
    }
  });
  onTestFinished(() => microtask.mockRestore());
  const sockets: ScriptedSocket[] = [];
  const { live } = openPage((socket) => void sockets.push(socket));
  const heard: string[] = [];
  const broken = new Error("broken");
  const stops = [
    live.subscribe(() => {
      throw broken;
    }),
    live.subscribe(({ type }) => void heard.push(type)),
  ];
  await vi.advanceTimersByTimeAsync(10);
  sockets[0]?.tell(HELLO);
  sockets[0]?.tell(UPDATED);
  expect(heard).toEqual(["reset", "file.updated"]);
  expect(thrown).toEqual([broken, broken]);
  for (const stop of stops) stop();
});

test("whoever waits for a file isn't woken by an upload's progress", async () => {
  const sockets: ScriptedSocket[] = [];
  const { live } = openPage((socket) => void sockets.push(socket));
  await vi.advanceTimersByTimeAsync(10);
  const waiter = live.waiterFor("f1");
  sockets[0]?.tell({ ...HELLO, resumed: true });
  let isOver = false;
  void waiter.wait(1_000, new AbortController().signal).then(() => {
    isOver = true;
  });
  sockets[0]?.tell({ ...UPDATED, type: "upload.progress", sequence: 1 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(isOver).toBe(false);
  sockets[0]?.tell(UPDATED);
  await vi.advanceTimersByTimeAsync(0);
  expect(isOver).toBe(true);
  waiter.stop();
});
