import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CopyList } from "../../target.ts";
import { isMissing } from "./directory-faults.ts";
import { decodeName } from "./paths.ts";

const PAGE_OBJECTS = 1_000;

interface Entry {
  readonly path: string;
  /** Of a directory with its slash: so names are in their keys' order. */
  readonly key: string;
  readonly isDirectory: boolean;
}

/** @param cursor the last key of the page before */
export async function listObjects(
  objects: string,
  prefix: string,
  cursor: string | undefined,
): Promise<CopyList> {
  const page: { key: string; sizeBytes: number }[] = [];
  for await (const { key, path } of walk(objects, "", prefix, cursor)) {
    if (page.length === PAGE_OBJECTS) return { objects: page, cursor: page.at(-1)?.key };
    const sizeBytes = await stat(path).then(({ size }) => size, orUndefined);
    if (sizeBytes !== undefined) page.push({ key, sizeBytes });
  }
  return { objects: page, cursor: undefined };
}

async function* walk(
  directory: string,
  parent: string,
  prefix: string,
  cursor: string | undefined,
): AsyncGenerator<Entry> {
  for (const entry of await readEntries(directory, parent)) {
    if (!entry.key.startsWith(prefix) && !(entry.isDirectory && prefix.startsWith(entry.key))) continue;
    if (cursor !== undefined && entry.key <= cursor && !cursor.startsWith(entry.key)) continue;
    if (entry.isDirectory) yield* walk(entry.path, entry.key, prefix, cursor);
    else if (cursor === undefined || entry.key > cursor) yield entry;
  }
}

async function readEntries(directory: string, parent: string): Promise<Entry[]> {
  const found = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const entries = found.map((each) => ({
    path: join(directory, each.name),
    key: `${parent}${decodeName(each.name)}${each.isDirectory() ? "/" : ""}`,
    isDirectory: each.isDirectory(),
  }));
  return entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function orUndefined(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
