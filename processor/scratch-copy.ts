import { createWriteStream } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isAlive } from "./lifetime.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { removeScratch } from "./sandbox/scratch.ts";

/** The name of the original in its scratch directory. */
const ORIGINAL_FILE = "original";
/** How scratch directories are called, with the number of the processor that made them. */
export const SCRATCH_PREFIX = `causeway-job-${process.pid}-`;
const SCRATCH = /^causeway-job-(\d{1,10})-/;
const READ_DEADLINE_MS = 120_000;

/** What is copied: the very object that has the ETag, or whatever is under the key where we put it there ourselves. */
export interface CopiedObject {
  readonly objectKey: string;
  readonly etag?: string;
}

/** An object's bytes on disk. */
export interface ScratchCopy {
  /** A directory for this alone. */
  readonly scratch: string;
  /** Where the bytes are in it: under a name of ours. */
  readonly path: string;
}

export interface ScratchParts {
  readonly store: ObjectStore;
  /** Whose tools run on the copy. */
  readonly sandbox: Pick<Sandbox, "patience" | "room">;
}

export interface ScratchWish {
  /** What is written beside the copy at most. */
  readonly toolBytes?: number;
  /** Of what isn't known to be clean yet: only while as much room again is left for what verdicts need. */
  readonly isEarly?: boolean;
}

/** What tools write beside an original at most: a photo decoded to 512 MiB, and what is made of it. */
const TOOL_BYTES = 544 * 2 ** 20;

/**
 * Copies an object to disk for as long as `work` takes, and returns what that does; undefined where the object is gone.
 * Throws STORE_UNAVAILABLE and SCRATCH_FULL, and what `work` does.
 */
export async function withScratchCopy<T>(
  { store, sandbox }: ScratchParts,
  { objectKey, etag }: CopiedObject,
  signal: AbortSignal,
  work: (copy: ScratchCopy) => Promise<T>,
  { toolBytes = TOOL_BYTES, isEarly = false }: ScratchWish = {},
): Promise<T | undefined> {
  const end = new AbortController();
  const deadline = AbortSignal.any([signal, end.signal, AbortSignal.timeout(READ_DEADLINE_MS)]);
  try {
    const object = await store.findObject(objectKey, etag, deadline);
    if (object === undefined) return undefined;
    const bytes = object.sizeBytes + toolBytes;
    const copied = () =>
      withScratch(async (copy) => {
        await pipeline(object.body, createWriteStream(copy.path));
        return sandbox.patience.during(`${objectKey} ${etag}`, copy.scratch, () => work(copy));
      });
    return await sandbox.room.within(bytes, copied, isEarly ? bytes : 0);
  } finally {
    // Of an object for which there was no room, its body.
    end.abort();
  }
}

async function withScratch<T>(work: (copy: ScratchCopy) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), SCRATCH_PREFIX));
  try {
    return await work({ scratch, path: join(scratch, ORIGINAL_FILE) });
  } finally {
    await removeScratch(scratch);
  }
}

/** Removes what processors left that ended without a chance to, before this one makes any: it may have the number of one of them. */
export async function sweepScratch(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = SCRATCH.exec(name) ?? [];
    const isLeft = pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)));
    if (isLeft) await removeScratch(join(tmpdir(), name));
  }
}
