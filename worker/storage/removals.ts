/** R2's `delete` and S3's DeleteObjects take so many keys with one call. */
const MOST_KEYS = 1_000;

/** Has any number of objects removed, as many with each call as a store takes. */
export async function removeInParts(
  keys: readonly string[],
  remove: (keys: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < keys.length; from += MOST_KEYS) {
    await remove(keys.slice(from, from + MOST_KEYS));
  }
}
