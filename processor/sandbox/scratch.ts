import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, type Dirent } from "node:fs";
import { type FileHandle, lstat, open, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A tool that writes as fast as it can writes some hundred megabytes meanwhile. */
const WATCH_INTERVAL_MS = 100;
const REMOVAL_MS = 10_000;

/** A tool has some hundred at most, LibreOffice's profile among them. Each costs time to look at and to remove. */
const MAX_ENTRIES = 2_000;

/** Looks at what is in a scratch directory, again and again, until it is too much. */
export class ScratchWatch {
  isOver = false;
  readonly #scratch: string;
  readonly #maxBytes: number;
  readonly #stop = new AbortController();

  /** @param maxBytes beside what is there at first */
  constructor(scratch: string, maxBytes: number) {
    this.#scratch = scratch;
    this.#maxBytes = maxBytes;
  }

  /** Calls `onOver` once, if ever; never throws. */
  async watch(onOver: () => void): Promise<void> {
    const { signal } = this.#stop;
    const allowed = Math.min((await measure(this.#scratch)) + this.#maxBytes, Number.MAX_SAFE_INTEGER);
    while (!signal.aborted) {
      await delay(WATCH_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || (await measure(this.#scratch)) <= allowed) continue;
      this.isOver = true;
      onOver();
      return;
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}

/**
 * Bytes on disk; without end where there are too many files, or where we can't look. One after the other: all at once would be
 * in our memory, and it isn't we who choose how many there are.
 */
async function measure(scratch: string): Promise<number> {
  let [bytes, entries] = [0, 0];
  try {
    for await (const fileBytes of walk(scratch)) {
      bytes += fileBytes;
      entries += 1;
      if (entries > MAX_ENTRIES) return Number.POSITIVE_INFINITY;
    }
    return bytes;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** What each of all that is there takes. */
async function* walk(scratch: string): AsyncGenerator<number, void> {
  const directories = [scratch];
  for (const directory of directories) {
    for await (const entry of list(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      yield entry.isDirectory() ? 0 : await measureFile(path);
    }
  }
}

/** What is taken away while we look counts as nothing. */
async function* list(directory: string): AsyncGenerator<Dirent, void> {
  try {
    yield* await opendir(directory);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function measureFile(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * 512;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * Opens what a tool may have left or put something else in the place of; undefined if it isn't there or is no plain file:
 * behind a link there could be anything that we can read, and at a pipe we'd wait.
 */
export async function openPlain(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if ((await file?.stat())?.isFile()) return file;
  await file?.close();
  return undefined;
}

/** Reads a file that a tool left; undefined if it isn't there, is larger, or is no plain file. */
export async function readProduct(path: string, maxBytes: number): Promise<Buffer | undefined> {
  await using file = await openPlain(path);
  const size = (await file?.stat())?.size ?? Number.POSITIVE_INFINITY;
  return size <= maxBytes ? await file?.readFile() : undefined;
}

/**
 * Removes a scratch directory, whatever a tool made of it. Node's own `rm` ends at directories that we may not read, and
 * at paths that are too long. What is left after all that is left; it throws nothing.
 */
export async function removeScratch(scratch: string): Promise<void> {
  try {
    await rm(scratch, { recursive: true, force: true });
  } catch {
    for (const command of [
      ["chmod", "-R", "u+rwX"],
      ["rm", "-rf"],
    ]) {
      const child = spawn("/usr/bin/env", [...command, "--", scratch], {
        stdio: "ignore",
        timeout: REMOVAL_MS,
      });
      await once(child, "close").catch(() => undefined);
    }
  }
}
