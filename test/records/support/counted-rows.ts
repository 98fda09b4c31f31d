import type { TenantId } from "#contract/ids.ts";

/** A count that a tenant's row keeps, where the rows themselves come to another. */
export interface Difference {
  readonly count: string;
  readonly kept: number;
  readonly counted: number;
}

const VERSIONS = `FROM file_versions AS v JOIN files AS f ON f.tenant_id = v.tenant_id AND f.id = v.file_id
  WHERE v.tenant_id = t.tenant_id AND v.state <> 'uploading'`;
const BYTES = "SELECT coalesce(sum(max(v.size_bytes, 4096)), 0)";
const COUNTED = {
  reserved_bytes:
    "SELECT coalesce(sum(reserved_bytes), 0) FROM quota_reservations AS r WHERE r.tenant_id = t.tenant_id",
  open_uploads:
    "SELECT count(*) FROM quota_reservations AS r WHERE r.tenant_id = t.tenant_id AND r.spent_at_ms IS NULL",
  files_bytes: `${BYTES} ${VERSIONS} AND f.deleted_at_ms IS NULL AND f.current_version = v.version`,
  versions_bytes: `${BYTES} ${VERSIONS} AND f.deleted_at_ms IS NULL AND f.current_version <> v.version`,
  trash_bytes: `${BYTES} ${VERSIONS} AND f.deleted_at_ms IS NOT NULL`,
  derivatives_bytes:
    "SELECT coalesce(sum(size_bytes), 0) FROM derivatives AS d WHERE d.tenant_id = t.tenant_id",
  file_count: "SELECT count(*) FROM files AS f WHERE f.tenant_id = t.tenant_id",
} as const;

/** Compares the counts of a tenant with its rows, in one statement. */
export async function differencesOf(
  db: Pick<D1Database, "prepare">,
  tenantId: TenantId,
): Promise<readonly Difference[]> {
  const columns = Object.entries(COUNTED).map(([name, sql]) => `t.${name}, (${sql}) AS counted_${name}`);
  const row = await db
    .prepare(`SELECT ${columns.join(", ")} FROM tenants AS t WHERE t.tenant_id = ?`)
    .bind(tenantId)
    .all<Record<string, number>>();
  const [found = {}] = row.results;
  return Object.keys(COUNTED).flatMap((count) => {
    const [kept = 0, counted = 0] = [found[count], found[`counted_${count}`]];
    return kept === counted ? [] : [{ count, kept, counted }];
  });
}
