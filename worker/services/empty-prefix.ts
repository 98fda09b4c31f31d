import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";

/** Most objects under one prefix that are removed in one run, in thousands. */
const MAX_PAGES = 20;

/**
 * Removes the objects whose keys begin with `prefix`, and says whether all are gone. By what there is and not by what
 * rows name: an attempt to store that was given up may have landed all the same.
 */
export async function emptyPrefix(objects: ObjectLister & ObjectRemover, prefix: string): Promise<boolean> {
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { keys, isAll } = await objects.list(prefix);
    await objects.remove(keys);
    if (isAll) return true;
  }
  return false;
}
