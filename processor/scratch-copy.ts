import { createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ProcessJob } from "#contract/jobs.ts";
import type { ObjectStore } from "./object-store.ts";
import { nameBytes } from "./queue.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { removeScratch } from "./sandbox/scratch.ts";

/** The name of the original in its scratch directory. */
const ORIGINAL_FILE = "original";
const READ_DEADLINE_MS = 120_000;

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
  readonly sandbox: Pick<Sandbox, "patience">;
}

/**
 * Copies a job's object to disk for as long as `work` takes, and returns what that does; undefined where the object is
 * gone. Throws STORE_UNAVAILABLE, and what `work` does.
 */
export async function withScratchCopy<T>(
  { store, sandbox }: ScratchParts,
  job: Pick<ProcessJob, "objectKey" | "etag">,
  signal: AbortSignal,
  work: (copy: ScratchCopy) => Promise<T>,
): Promise<T | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-job-"));
  try {
    const path = join(scratch, ORIGINAL_FILE);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)]);
    const object = await store.findObject(job.objectKey, job.etag, deadline);
    if (object === undefined) return undefined;
    await pipeline(object.body, createWriteStream(path));
    return await sandbox.patience.during(nameBytes(job), scratch, () => work({ scratch, path }));
  } finally {
    await removeScratch(scratch);
  }
}
