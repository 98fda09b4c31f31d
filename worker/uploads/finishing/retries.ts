/** Longest wait for another try of what an upload has to do by itself. */
const LONGEST_RETRY_MS = 5 * 60_000;

/**
 * How long until what failed is tried again: doubled each time, up to the longest.
 * @param failures times in a row that it failed, from 1
 */
export function retryDelayMs(firstMs: number, failures: number): number {
  return Math.min(LONGEST_RETRY_MS, firstMs * 2 ** Math.min(failures - 1, 20));
}
