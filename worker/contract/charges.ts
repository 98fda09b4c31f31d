/**
 * What a stored version counts at least against the quota, and an upload under way: its name, its metadata and its rows
 * cost something also where it has no bytes. The triggers of the migration "minimum_charges" have the same number.
 */
export const MINIMUM_CHARGE_BYTES = 4096;

/** What so many bytes count against the quota. */
export function chargeOf(sizeBytes: number): number {
  return Math.max(sizeBytes, MINIMUM_CHARGE_BYTES);
}
