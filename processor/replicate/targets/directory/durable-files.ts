import { mkdir, open, rename, rmdir } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a directory, and everything above it up to `root`, so that it is there after a power failure. */
export async function makeDirectory(path: string, root: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let each = path; each.length > root.length; each = dirname(each)) await syncDirectory(dirname(each));
}

/** Makes renames and removals in a directory last. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a small file as a whole: whoever reads it sees the old one or the new one. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path));
}

/** Removes directories that have become empty, from `path` up to `root`, which stays. */
export async function removeEmpty(path: string, root: string): Promise<void> {
  for (let each = path; each.length > root.length; each = dirname(each)) {
    try {
      await rmdir(each);
    } catch {
      // Not empty, or gone already: either way there is nothing to do above it.
      return;
    }
  }
}
