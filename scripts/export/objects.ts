import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { normalizeFilename } from "#contract/names.ts";
import type { Api } from "./api.ts";
import { download, Final, persist, Refusal } from "./api.ts";
import { sizeOf } from "./records.ts";

const AT_ONCE = 4;
const FILE_ID = /^[0-9a-z]{26}$/;

/** What of a line of kind `file` the contents are had by. */
interface FileLine {
  readonly kind: string;
  readonly id: string;
  readonly filename: string;
  readonly versions: readonly VersionLine[];
}

interface VersionLine {
  readonly version: number;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly contentPath: string | null;
  readonly noContent: string | null;
}

export interface Summary {
  files: number;
  versions: number;
  /** Fetched by this run, and there from an earlier one. */
  fetched: number;
  present: number;
  bytes: number;
  /** Versions that are not given out, by the reason. */
  readonly withheld: Map<string, number>;
  readonly failures: string[];
}

/** The places of one version's content: where it grows, and where it is when all of it is there and verified. */
function placesOf(directory: string, file: FileLine, { version }: VersionLine) {
  if (!FILE_ID.test(file.id) || !Number.isSafeInteger(version)) throw new Error("A record has no usable id.");
  const folder = join(directory, "objects", file.id);
  const name = normalizeFilename(file.filename) ?? "file";
  return { part: join(folder, `${version}.part`), whole: join(folder, String(version), name) };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Fetches what is missing of a part. A server that sends the whole instead of the rest is taken at its word. */
async function fetchRest(api: Api, contentPath: string, part: string, sizeBytes: number): Promise<void> {
  const have = await sizeOf(part);
  if (have === sizeBytes && sizeBytes > 0) return;
  const file = await open(part, "a");
  try {
    if (have > sizeBytes) await file.truncate(0);
    const isResumed = have > 0 && have < sizeBytes;
    const headers: Record<string, string> = isResumed ? { range: `bytes=${have}-` } : {};
    let isFirst = true;
    await download(api, contentPath, headers, async (bytes, { status }) => {
      if (isFirst && status !== 206) await file.truncate(0);
      isFirst = false;
      await file.appendFile(bytes);
    });
    await file.sync();
  } finally {
    await file.close();
  }
}

async function fetchVersion(
  api: Api,
  places: { readonly part: string; readonly whole: string },
  { sizeBytes, sha256, contentPath }: VersionLine,
): Promise<void> {
  if (contentPath?.startsWith("/v1/admin/") !== true || sizeBytes === null || sha256 === null) {
    throw new Final("its record doesn't say how it is had");
  }
  await mkdir(dirname(places.whole), { recursive: true });
  await fetchRest(api, contentPath, places.part, sizeBytes);
  if ((await sha256Of(places.part)) !== sha256) {
    await rm(places.part, { force: true });
    throw new Error("its bytes have another SHA-256");
  }
  await rename(places.part, places.whole);
}

async function takeVersion(
  api: Api,
  directory: string,
  file: FileLine,
  version: VersionLine,
  summary: Summary,
): Promise<void> {
  summary.versions += 1;
  if (version.noContent !== null) {
    summary.withheld.set(version.noContent, (summary.withheld.get(version.noContent) ?? 0) + 1);
    return;
  }
  const places = placesOf(directory, file, version);
  // Only what was verified is under its name.
  if ((await sizeOf(places.whole)) === version.sizeBytes && (await isThere(places.whole))) {
    summary.present += 1;
    return;
  }
  try {
    await persist(
      () => fetchVersion(api, places, version),
      () => sizeOf(places.part),
    );
    summary.fetched += 1;
    summary.bytes += version.sizeBytes ?? 0;
  } catch (error) {
    // A token that isn't good any more is no good for the others either.
    if (error instanceof Refusal && error.status === 401) throw error;
    summary.failures.push(`${file.id} version ${version.version}: ${reasonOf(error)}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return open(path, "r").then(
    async (file) => {
      await file.close();
      return true;
    },
    () => false,
  );
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** The lines of kind `file`, one in memory at a time. */
async function* filesIn(records: string): AsyncGenerator<FileLine> {
  const file = await open(records, "r");
  try {
    for await (const line of file.readLines()) {
      const parsed = JSON.parse(line) as FileLine;
      if (parsed.kind === "file") yield parsed;
    }
  } finally {
    await file.close();
  }
}

/** A few tasks at once. */
class Pool {
  readonly #running = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];

  /** Waits for room and begins the task. Throws what an earlier one has thrown. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
    this.#throwFirst();
    const running = task()
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all of them. Throws what one has thrown. */
  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFirst();
  }

  #throwFirst(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

/** Fetches the contents that the records name, some at a time. What couldn't be had is in the summary. */
export async function fetchObjects(api: Api, records: string, directory: string): Promise<Summary> {
  const summary: Summary = {
    ...{ files: 0, versions: 0, fetched: 0, present: 0, bytes: 0 },
    withheld: new Map(),
    failures: [],
  };
  const pool = new Pool();
  for await (const file of filesIn(records)) {
    summary.files += 1;
    for (const version of file.versions) {
      await pool.add(() => takeVersion(api, directory, file, version, summary));
    }
  }
  await pool.drain();
  return summary;
}
