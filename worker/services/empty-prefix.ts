import type { ObjectLister, ObjectRemover } from "../storage/object-store.ts";

/** Workers have six connections at a time. */
const AT_ONCE = 5;
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

/** A few at a time. */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(first, first + AT_ONCE).map(work))));
  }
  return results;
}
