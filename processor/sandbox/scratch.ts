import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { lstat, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A tool that writes as fast as it can writes some hundred megabytes meanwhile. */
const WATCH_INTERVAL_MS = 100;
const REMOVAL_MS = 10_000;

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
    const allowed = (await measure(this.#scratch)) + this.#maxBytes;
    const { signal } = this.#stop;
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

/** Bytes on disk. What is taken away while we look, or can't be looked at, counts as nothing. */
async function measure(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return measure(path);
    return lstat(path).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Reads a file that a tool left; undefined if it isn't there, is larger, or is no plain file: behind a link there could
 * be anything that we can read, and at a pipe we'd wait.
 */
export async function readProduct(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  try {
    const stat = await file?.stat();
    return stat?.isFile() && stat.size <= maxBytes ? await file?.readFile() : undefined;
  } finally {
    await file?.close();
  }
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
