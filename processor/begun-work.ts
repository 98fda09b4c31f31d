/**
 * What the processor is at, and how often it died of what: a small file for each, in a directory that outlives it. Whoever
 * ends in order takes its files away; what the next one finds of one that isn't there any more was at work when that died.
 * Nobody can tell a death of memory or of a fault in a library from an operator's SIGKILL: one alone means little.
 *
 * Files are named by a hash, so that nothing of keys is told, and hold no more than a count and whose they are.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isAlive } from "./lifetime.ts";

/** Longer than a queue keeps a message: nobody comes back for it. */
const MAX_AGE_MS = 5 * 86_400_000;
/** What else is there isn't ours. */
const FILE = /^[0-9a-f]{64}$/;

const Entry = z.object({
  deaths: z.int().min(0),
  host: z.string(),
  /** Of the processor that is at it; null while none is. */
  pid: z.int().min(1).nullable(),
});
type Entry = z.infer<typeof Entry>;

/** Whose files these are. */
export interface ProcessorId {
  readonly host: string;
  readonly pid: number;
}

/** Work that was begun, by its name. All of it is synchronous: files of some bytes, and some of it at the end of the process. */
export class BegunWork {
  /** What was at work when its processor died, found at start. */
  readonly suspects: number;
  readonly #directory: string | undefined;
  readonly #self: ProcessorId;
  readonly #deaths = new Map<string, number>();
  /** How often each is at work now: a job may come twice. */
  readonly #running = new Map<string, number>();

  /** @param directory made where it isn't there; without one nothing is counted */
  constructor(directory: string | undefined, self: ProcessorId = { host: hostname(), pid: process.pid }) {
    this.#directory = directory;
    this.#self = self;
    this.suspects = directory === undefined ? 0 : this.#readAll(directory);
  }

  /** How often the processor died while it was at this. */
  deathsOf(name: string): number {
    return this.#deaths.get(fileOf(name)) ?? 0;
  }

  begin(name: string): void {
    const file = fileOf(name);
    this.#running.set(file, (this.#running.get(file) ?? 0) + 1);
    this.#write(file, this.#self.pid);
  }

  /** It isn't being done any more, whatever came of it; deaths stay counted. */
  end(name: string): void {
    const file = fileOf(name);
    const left = (this.#running.get(file) ?? 1) - 1;
    if (left > 0) this.#running.set(file, left);
    else this.#rest(file);
  }

  /** It came to a good end, or was given up: its deaths count no more. */
  forget(name: string): void {
    this.#deaths.delete(fileOf(name));
    if (!this.#running.has(fileOf(name))) this.#remove(fileOf(name));
  }

  /** At an end in order: nothing was at work then. */
  leave(): void {
    for (const file of this.#running.keys()) this.#rest(file);
  }

  #rest(file: string): void {
    this.#running.delete(file);
    if (this.#deaths.has(file)) this.#write(file, null);
    else this.#remove(file);
  }

  #readAll(directory: string): number {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const files = readdirSync(directory).filter((file) => FILE.test(file));
    return files.filter((file) => this.#read(file, join(directory, file))).length;
  }

  /** Whether it was at work when its processor died. */
  #read(file: string, path: string): boolean {
    const entry = readEntry(path);
    if (entry === undefined) {
      this.#remove(file);
      return false;
    }
    if (entry.pid !== null && !this.#isOfTheDead(entry)) return false;
    const deaths = entry.deaths + (entry.pid === null ? 0 : 1);
    this.#deaths.set(file, deaths);
    // Before anything begins: the next death may come at once.
    if (entry.pid !== null) this.#write(file, null);
    return entry.pid !== null;
  }

  /** In a container all processors have the same number, one after the other. */
  #isOfTheDead({ host, pid }: Entry): boolean {
    return host === this.#self.host && (pid === this.#self.pid || !isAlive(pid ?? 0));
  }

  #write(file: string, pid: number | null): void {
    const entry: Entry = { deaths: this.#deaths.get(file) ?? 0, host: this.#self.host, pid };
    this.#attempt((path) => writeFileSync(path, JSON.stringify(entry)), file);
  }

  #remove(file: string): void {
    this.#attempt((path) => rmSync(path, { force: true }), file);
  }

  /** A directory that is full or gone costs the count, and no file its verdict. */
  #attempt(change: (path: string) => void, file: string): void {
    if (this.#directory === undefined) return;
    try {
      change(join(this.#directory, file));
    } catch {
      // What is there says how it was before.
    }
  }
}

/** Undefined where it is old, or the processor died while it wrote it. */
function readEntry(path: string): Entry | undefined {
  try {
    if (Date.now() - statSync(path).mtimeMs > MAX_AGE_MS) return undefined;
    return Entry.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function fileOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}
