import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ObjectStore } from "../../processor/object-store.ts";
import { Patience } from "../../processor/sandbox/patience.ts";
import { ScratchRoom } from "../../processor/sandbox/scratch-room.ts";
import { sweepScratch, withScratchCopy } from "../../processor/scratch-copy.ts";
import { createJob } from "./support/jobs.ts";

const never = new AbortController().signal;
const BYTES = Buffer.from("original");

let root: string;
let ended: AbortSignal[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "causeway-scratch-"));
  vi.stubEnv("TMPDIR", root);
  ended = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Copies, with room for so much, of a store that has every object. */
function createCopies(roomBytes: number) {
  const findObject: ObjectStore["findObject"] = async (_key, _etag, signal) => {
    ended.push(signal);
    return { sizeBytes: BYTES.byteLength, body: [BYTES] as unknown as AsyncIterable<Uint8Array> };
  };
  const sandbox = { patience: new Patience(), room: new ScratchRoom(roomBytes) };
  const store = { findObject } as ObjectStore;
  return (work: (path: string) => Promise<unknown>, toolBytes = 2, isEarly = false) => {
    const wish = { toolBytes, isEarly };
    return withScratchCopy({ store, sandbox }, createJob(), never, ({ path }) => work(path), wish);
  };
}

describe("room for copies", () => {
  test("is shared: who finds too little comes again, and the others go on", async () => {
    const copy = createCopies(25);
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const read = async (path: string) => {
      begun.resolve();
      await end.promise;
      return readFile(path, "utf8");
    };
    const [first, second] = [copy(read), copy(read)];
    await begun.promise;
    await expect(copy(read)).rejects.toMatchObject({ code: "SCRATCH_FULL" });
    // Its body isn't waited for by anybody.
    expect(ended.at(-1)?.aborted).toBe(true);
    end.resolve();
    expect(await Promise.all([first, second])).toEqual(["original", "original"]);
    expect(await copy(read, 7)).toBe("original");
  });

  test("is taken before a verdict only while there is as much again, of one alone too", async () => {
    const read = (path: string) => readFile(path, "utf8");
    await expect(createCopies(19)(read, 2, true)).rejects.toMatchObject({ code: "SCRATCH_FULL" });
    const copy = createCopies(20);
    const verdict = (path: string) => copy(() => read(path));
    expect(await copy(verdict, 2, true)).toBe("original");
    await copy(() => expect(copy(read, 2, true)).rejects.toMatchObject({ code: "SCRATCH_FULL" }));
  });

  test("is given to one alone, though it needs more", async () => {
    expect(await createCopies(1)((path) => readFile(path, "utf8"))).toBe("original");
  });

  test("that is at an end on the disk itself is no fault of the job", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const copying = createCopies(100)(() => Promise.reject(full));
    await expect(copying).rejects.toMatchObject({ code: "SCRATCH_FULL" });
  });
});

test("what a processor left that was killed is removed; what one that lives has isn't", async () => {
  // No process has a number so high (include/linux/threads.h).
  const names = ["causeway-job-4194305-a", `causeway-job-${process.pid}-b`];
  const kept = [`causeway-job-${process.ppid}-c`, "causeway-job-d", "else"];
  await Promise.all([...names, ...kept].map((name) => mkdir(join(root, name))));
  await sweepScratch();
  expect((await readdir(root)).sort()).toEqual(kept.sort());
});
