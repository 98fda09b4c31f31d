import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import { createThumbnails } from "../../../client/react/files/thumbnails.ts";
import { manyFiles } from "./files/stored-files.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("thumbnails that couldn't be signed are signed again, ever more slowly, while they are shown", async () => {
  let calls = 0;
  let isDown = true;
  const thumbnails = createThumbnails(async (items) => {
    calls += 1;
    if (isDown) throw new Error("The connection was lost.");
    return items.map(({ fileId }) => ({
      ...{ ok: true, fileId, url: `https://files.example/${fileId}` },
      expiresAt: "2026-11-20T10:30:00Z",
    })) as never;
  });
  const [file] = manyFiles(1) as unknown as FileRecord[];
  if (file === undefined) throw new Error("no file");
  let told = 0;
  const hide = thumbnails.show(file, () => {
    told += 1;
  });
  await vi.advanceTimersByTimeAsync(15_000);
  expect([calls, told, thumbnails.urlOf(file)]).toEqual([4, 0, undefined]);
  isDown = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect([calls, told, thumbnails.urlOf(file)]).toEqual([5, 1, `https://files.example/${file.id}`]);
  hide();
});
