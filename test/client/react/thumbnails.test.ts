import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import { createThumbnails } from "../../../client/react/files/thumbnails.ts";
import { manyFiles } from "./files/stored-files.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Thumbnails, and a server that can be down; each of its URLs is another. */
function start() {
  const server = { calls: 0, isDown: false };
  const thumbnails = createThumbnails(async (items) => {
    server.calls += 1;
    if (server.isDown) throw new Error("The connection was lost.");
    return items.map(({ fileId }) => ({
      ...{ ok: true, fileId, url: `https://files.example/${fileId}?call=${server.calls}` },
      expiresAt: "2026-11-20T10:30:00Z",
    })) as never;
  });
  const files = manyFiles(2) as unknown as [FileRecord, FileRecord];
  return { server, thumbnails, files };
}

test("thumbnails that couldn't be signed are signed again, ever more slowly, while they are shown", async () => {
  const { server, thumbnails, files } = start();
  const [file, other] = files;
  server.isDown = true;
  const told = vi.fn<() => void>();
  const hide = thumbnails.show(file, told);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([server.calls, told.mock.calls.length, thumbnails.urlOf(file)]).toEqual([4, 0, undefined]);
  // What comes to be shown doesn't wait for that; and when it is answered, nothing does.
  server.isDown = false;
  thumbnails.show(other, () => {});
  await vi.advanceTimersByTimeAsync(100);
  expect([server.calls, told.mock.calls.length]).toEqual([6, 1]);
  expect(thumbnails.urlOf(other)).toBe(`https://files.example/${other.id}?call=5`);
  expect(thumbnails.urlOf(file)).toBe(`https://files.example/${file.id}?call=6`);
  hide();
});

test("thumbnails are signed anew before they end, as long as they are shown", async () => {
  const { server, thumbnails, files } = start();
  const [file, other] = files;
  const told = vi.fn<() => void>();
  const hide = thumbnails.show(file, told);
  thumbnails.show(other, () => {})();
  for (let minute = 0; minute <= 100; minute += 1) {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(thumbnails.urlOf(file)).toBeDefined();
  }
  expect([server.calls, told.mock.calls.length]).toEqual([3, 3]);
  hide();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect([server.calls, thumbnails.urlOf(file)]).toEqual([3, undefined]);
});
