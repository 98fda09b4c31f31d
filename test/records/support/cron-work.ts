import { onTestFinished, vi } from "vitest";
import { newQuotaTenant } from "./quota-tenant.ts";

export const HOUR_MS = 3_600_000;

/** What a bucket lists in which there is nothing. */
export const NOTHING = { keys: [], sizes: [], isAll: true } as const;

/** Such a bucket. */
export const NO_OBJECTS = {
  list: async () => NOTHING,
  remove: async () => {},
};

/** A bucket that is emptied at once; time is over when it is emptied for the tenth time. */
export function slowBucket() {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  let emptied = 0;
  const objects = {
    ...NO_OBJECTS,
    remove: async () => {
      emptied += 1;
      if (emptied === 10) vi.setSystemTime(Date.now() + HOUR_MS);
    },
  };
  return { objects, emptied: () => emptied };
}

/** A tenant with so many files, each with an upload that is due, and removals of versions. */
export async function tenantWith(files: number, db: D1Database) {
  const tenant = newQuotaTenant({ DB: db });
  await tenant.create(10);
  const numbers = JSON.stringify(Array.from({ length: files - 1 }, (_, index) => index));
  const each = (insertion: string) => db.prepare(insertion).bind(tenant.tenantId, numbers);
  await db.batch([
    each(`INSERT INTO files (tenant_id, id, owner_id, filename, current_version, created_at_ms, updated_at_ms)
      SELECT ?, printf('%026d', value), 'ann', 'a.txt', 1, 1, 1 FROM json_each(?)`),
    each(`INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms)
      SELECT ?, printf('%026d', value), 1, 4096, 1, 1 FROM json_each(?)`),
    each("INSERT INTO object_removals SELECT ?, printf('%026d', value), 99, 'p', 1 FROM json_each(?)"),
  ]);
  return tenant;
}
