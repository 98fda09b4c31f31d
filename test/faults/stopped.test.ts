import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  APPEND,
  append,
  createUpload,
  fileIdOf,
  headOffset,
  newCaller,
  signUrl,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { openRequest } from "../support/raw-request.ts";
import { sha256Of } from "../support/sha256.ts";
import { slowArchive } from "../support/slow-archive.ts";
import { scanUnderWay } from "../support/stack-state.ts";
import type { StartedStack } from "../support/started-stack.ts";
import { newPlace } from "../support/started-stack.ts";
import { makeVideo } from "../support/video.ts";

const MIB = 1024 * 1024;
/** What a container runtime waits before it kills. */
const PATIENCE_MS = 10_000;

/** Starts a PATCH at 6 MiB and leaves it in the middle. */
async function leavePatchHalfSent(stack: StartedStack, caller: Caller, location: string, film: Buffer) {
  const request = await openRequest(new URL(location, stack.url), "PATCH", {
    ...APPEND,
    authorization: `Bearer ${caller.token}`,
    "upload-offset": String(6 * MIB),
    "content-length": String(10 * MIB),
  });
  await request.write(film.subarray(6 * MIB, 9 * MIB));
}

test.each([
  // What a supervisor does to `npm start`, and what a terminal does.
  { signal: "SIGTERM", to: "process", by: "npm", during: "a scan that hangs" },
  { signal: "SIGINT", to: "group", by: "node", during: "a scan" },
] as const)(
  "a stack that $by started and that gets $signal (its $to) during an upload and $during ends, all of it, and goes on when started again",
  async ({ signal, to, by, during }) => {
    const place = await newPlace();
    const stack = await place.start(by);
    const caller = await newCaller({ stack });
    const earlier = makeVideo(100_000);
    const earlierId = await uploadFile(caller, earlier, { filename: "earlier.mp4" });
    await waitForVerdict(caller, earlierId);
    const signedUrl = await signUrl(caller, earlierId);

    const archive = slowArchive();
    const film = makeVideo(20_000_000);
    const location = await createUpload(caller, film.byteLength, { filename: "film.mp4" });
    expect((await append(caller, location, 0, film.subarray(0, 6 * MIB))).status).toBe(204);
    const archiveId = await uploadFile(caller, archive, { filename: "archive.zip" });
    await leavePatchHalfSent(stack, caller, location, film);
    await scanUnderWay(place);
    if (during === "a scan that hangs") process.kill(stack.processOf("clamd").pid, "SIGSTOP");

    const ending = await stack.stop(signal, to);
    expect(ending, ending.stderr).toMatchObject({ exitCode: 0 });
    expect(stack.processes()).toEqual([]);
    expect(ending.tookMs).toBeLessThan(PATIENCE_MS);

    await place.start();
    const download = await fetch(signedUrl);
    expect(Buffer.from(await download.arrayBuffer()).equals(earlier)).toBe(true);
    const offset = await headOffset(caller, location);
    expect(offset).toBeGreaterThanOrEqual(6 * MIB);
    expect(offset).toBeLessThanOrEqual(9 * MIB);
    expect((await append(caller, location, offset, film.subarray(offset))).status).toBe(204);
    for (const [fileId, bytes] of [[archiveId, archive] as const, [fileIdOf(location), film] as const]) {
      const record = await waitForVerdict(caller, fileId);
      expect(record).toMatchObject({ state: "clean", sha256: sha256Of(bytes) });
    }
  },
);

test("a stack of npm's keeps nothing of its building, goes on without a log, and ends, all of it, when npm is killed", async () => {
  const place = await newPlace();
  // A disk that is full.
  await symlink("/dev/full", join(place.stateDirectory, "stack.log"));
  const stack = await place.start("npm", true);
  expect(stack.processes().filter(({ command }) => /esbuild|wrangler|vite/.test(command))).toEqual([]);
  stack.killStarter();
  await expect.poll(() => stack.processes(), { timeout: PATIENCE_MS }).toEqual([]);
});
