import type { TenantId } from "#contract/ids.ts";

/**
 * Which database holds which tenant (decision 0010): a tenant's id says its bucket, for ever, and a map says each
 * bucket's database. Moving a bucket moves all of its tenants; nothing else is ever moved.
 */

export const BUCKETS = 256;

/** The name of the binding that holds each bucket. */
export type TenantBuckets = readonly string[];

/** Where there is one database. */
export const ONE_DATABASE = `DB=0-${BUCKETS - 1}`;

const BINDING = /^DB(?:_(?:[2-9]|[1-9]\d+))?$/;
const RANGE = /^(\d{1,3})(?:-(\d{1,3}))?$/;

/** Whether a binding's name is that of a database of records: DB, DB_2, DB_3, … */
export function isDatabaseName(name: string): boolean {
  return BINDING.test(name);
}

/** FNV-1a, 32 bits, folded to eight. The same for ever: another would look for tenants where they aren't. */
export function bucketOf(tenantId: TenantId): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < tenantId.length; index++) {
    hash = Math.imul(hash ^ tenantId.charCodeAt(index), 0x01000193);
  }
  const folded = hash ^ (hash >>> 16);
  return (folded ^ (folded >>> 8)) & (BUCKETS - 1);
}

/**
 * Reads a map as it is configured: `DB=0-127,DB_2=128-200,DB_3=201-255`, every bucket exactly once. Throws an Error
 * that says what is wrong with it.
 */
export function parseTenantBuckets(text: string): TenantBuckets {
  const buckets: (string | undefined)[] = Array.from({ length: BUCKETS });
  for (const entry of text.split(",")) {
    const { name, first, last } = parseEntry(entry.trim());
    for (let bucket = first; bucket <= last; bucket++) {
      if (buckets[bucket] !== undefined) throw new Error(`has bucket ${bucket} twice`);
      buckets[bucket] = name;
    }
  }
  return buckets.map((name, bucket) => {
    if (name === undefined) throw new Error(`has no database for bucket ${bucket}`);
    return name;
  });
}

function parseEntry(entry: string): { name: string; first: number; last: number } {
  const [name = "", range = "", ...rest] = entry.split("=");
  const [, from, to = from] = RANGE.exec(range) ?? [];
  if (!isDatabaseName(name) || from === undefined || to === undefined || rest.length > 0) {
    throw new Error(`is like "${ONE_DATABASE}", and "${entry}" isn't`);
  }
  const [first, last] = [Number(from), Number(to)];
  if (first > last || last >= BUCKETS) throw new Error(`has a range of buckets that isn't one: "${entry}"`);
  return { name, first, last };
}
