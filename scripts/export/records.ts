import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Api } from "./api.ts";
import { download, Final, persist } from "./api.ts";

/** A file of lines is read back from its end in pieces of so many bytes. */
const WINDOW_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

interface Line {
  readonly kind: string;
  readonly cursor: string;
  readonly tenantId?: string;
}

export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** Where the last line feed before `end` is; -1 for none. */
async function findLineFeed(file: FileHandle, end: number): Promise<number> {
  for (let to = end; to > 0; to -= WINDOW_BYTES) {
    const from = Math.max(0, to - WINDOW_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    const found = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (found >= 0) return from + found;
  }
  return -1;
}

/** Cuts off what isn't a whole line, and returns the last line that is. */
async function cutToWholeLines(path: string): Promise<Line | undefined> {
  const file = await open(path, "a+").then(async (made) => {
    await made.close();
    return open(path, "r+");
  });
  try {
    const { size } = await file.stat();
    const end = await findLineFeed(file, size);
    await file.truncate(end + 1);
    if (end < 0) return undefined;
    const start = (await findLineFeed(file, end)) + 1;
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    return JSON.parse(buffer.toString("utf8")) as Line;
  } finally {
    await file.close();
  }
}

/** The tenant whose export a file of records is; undefined for one without a line. */
async function tenantIn(path: string): Promise<string | undefined> {
  const file = await open(path, "r");
  try {
    for await (const line of file.readLines()) return (JSON.parse(line) as Line).tenantId;
    return undefined;
  } finally {
    await file.close();
  }
}

async function fetchMore(api: Api, tenant: string, path: string, cursor: string | undefined): Promise<void> {
  const file = await open(path, "a");
  try {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const from = `/v1/admin/tenants/${encodeURIComponent(tenant)}/export${query}`;
    await download(api, from, {}, async (bytes) => file.appendFile(bytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Fetches the records into a file of lines, behind whatever lines it has already: a process that was killed left whole
 * ones and perhaps a piece. Throws where the file is another tenant's.
 */
export async function fetchRecords(api: Api, tenant: string, path: string): Promise<void> {
  const attempt = async (): Promise<void> => {
    for (;;) {
      const last = await cutToWholeLines(path);
      if (last !== undefined && (await tenantIn(path)) !== tenant) {
        throw new Final(`${path} is another tenant's.`);
      }
      if (last?.kind === "end") return;
      await fetchMore(api, tenant, path, last?.cursor);
    }
  };
  await persist(attempt, () => sizeOf(path));
}
