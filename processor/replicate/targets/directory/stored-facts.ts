import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import type { CopyFacts, StoredCopy } from "../../target.ts";
import { isMissing } from "./directory-faults.ts";
import type { DirectoryPaths } from "./paths.ts";

/** What stands beside an object: all that isn't its bytes. */
const StoredFacts = z.object({
  key: z.string(),
  sizeBytes: z.int().min(0),
  etag: z.string(),
  sha256: z.string(),
  contentType: z.string().optional(),
  disposition: z.string().optional(),
});

export function describeCopy({ key, sizeBytes, sha256, contentType, disposition }: CopyFacts): StoredCopy {
  return { key, sizeBytes, etag: `"${sha256}"`, sha256, contentType, disposition, checksums: {} };
}

/**
 * Undefined where there is no object, or one without facts: that is no copy of ours. The size is
 * the object's own. Throws ENOENT where the directory itself is missing.
 */
export async function findStored(paths: DirectoryPaths, key: string): Promise<StoredCopy | undefined> {
  try {
    const { size: sizeBytes } = await stat(paths.object(key));
    const parsed = StoredFacts.safeParse(JSON.parse(await readFile(paths.factsOf(key), "utf8")));
    if (!parsed.success) return undefined;
    const { contentType, disposition, ...facts } = parsed.data;
    return { ...facts, key, sizeBytes, contentType, disposition, checksums: {} };
  } catch (error) {
    if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
    // Of a disk that isn't mounted nothing is known.
    await stat(paths.root);
    return undefined;
  }
}
