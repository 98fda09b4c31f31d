import type { Actor } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { Identity, TenantId } from "#contract/ids.ts";
import { residenceOf } from "#contract/jurisdictions.ts";
import type { TenantChange, TenantListQuery, TenantPage, TenantRecord } from "#contract/tenant-admin.ts";
import { formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases, databaseFor } from "../db/database.ts";
import { changeTenant, listTenants } from "../db/tenant-admin.ts";
import type { TenantRow } from "../db/tenants.ts";
import { findTenant } from "../db/tenants.ts";
import { forgetTenantStanding } from "./tenants.ts";

const NOTHING_YET: Omit<TenantRecord, "tenantId" | "jurisdiction"> = {
  quotaBytes: null,
  settings: {},
  files: 0,
  usage: {
    ...{ usedBytes: 0, filesBytes: 0, versionsBytes: 0, trashBytes: 0 },
    ...{ reservedBytes: 0, derivativesBytes: 0 },
  },
  createdAt: null,
  erasingAt: null,
};

function jurisdictionOf(env: DatabaseBindings, tenantId: TenantId): TenantRecord["jurisdiction"] {
  return residenceOf(env, tenantId) ?? null;
}

export function formatTenant(env: DatabaseBindings, row: TenantRow): TenantRecord {
  const { filesBytes, versionsBytes, trashBytes, reservedBytes, derivativesBytes } = row;
  const usedBytes = filesBytes + versionsBytes + trashBytes + reservedBytes;
  return {
    tenantId: row.tenantId,
    quotaBytes: row.quotaBytes,
    settings: row.settings,
    files: row.fileCount,
    usage: { usedBytes, filesBytes, versionsBytes, trashBytes, reservedBytes, derivativesBytes },
    jurisdiction: jurisdictionOf(env, row.tenantId),
    createdAt: formatTimeOrNull(row.createdAtMs),
    erasingAt: formatTimeOrNull(row.erasingAtMs),
  };
}

/** A tenant's row. Throws `TENANT_NOT_FOUND`. */
export async function requireTenant(env: DatabaseBindings, tenantId: TenantId): Promise<TenantRow> {
  const found = await findTenant(databaseFor(env, tenantId), tenantId);
  if (found === undefined) throw new AppError("TENANT_NOT_FOUND");
  return found;
}

/** The same of one that isn't being erased. Throws `TENANT_ERASING` too. */
export async function requireLivingTenant(env: DatabaseBindings, tenantId: TenantId): Promise<TenantRow> {
  const found = await requireTenant(env, tenantId);
  if (found.erasingAtMs !== null) throw new AppError("TENANT_ERASING");
  return found;
}

/**
 * A tenant as the caller may see it: of their own one there may be nothing yet. Throws `TENANT_NOT_FOUND` for another of
 * which there is nothing.
 */
export async function getTenant(
  env: DatabaseBindings,
  identity: Identity,
  tenantId: TenantId,
): Promise<TenantRecord> {
  const found = await findTenant(databaseFor(env, tenantId), tenantId);
  if (found !== undefined) return formatTenant(env, found);
  if (tenantId !== identity.tenantId) throw new AppError("TENANT_NOT_FOUND");
  return { ...NOTHING_YET, tenantId, jurisdiction: jurisdictionOf(env, tenantId) };
}

/** All tenants of all databases in the order of their ids: each database's next ones, of which the first are taken. */
export async function getTenants(
  env: DatabaseBindings,
  { cursor, limit }: TenantListQuery,
): Promise<TenantPage> {
  const lists = await Promise.all(allDatabases(env).map((db) => listTenants(db, cursor, limit + 1)));
  const found = lists.flat().sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  const page = found.slice(0, limit);
  const nextCursor = found.length > limit ? (page.at(-1)?.tenantId ?? null) : null;
  return { items: page.map((row) => formatTenant(env, row)), nextCursor };
}

/** What of a tenant was changed, for the audit; of the setting by which others' files are seen, to what. */
function detailOf({ quotaBytes, settings }: TenantChange) {
  const access = settings?.entityAccess;
  return {
    ...(access === undefined ? {} : { entityAccess: access }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(settings === undefined ? {} : { settings: Object.keys(settings).sort().join(",") }),
  };
}

/** Changes a tenant; one of which there is nothing yet is begun by it. Throws `TENANT_ERASING`. */
export async function updateTenant(
  env: DatabaseBindings,
  actor: Actor,
  change: TenantChange,
  nowMs: number,
): Promise<TenantRecord> {
  const { tenantId } = actor;
  const event = { actor, action: "tenant.changed", detail: detailOf(change), atMs: nowMs } as const;
  const changed = await changeTenant(databaseFor(env, tenantId), tenantId, change, event);
  if (changed === undefined) throw new AppError("TENANT_ERASING");
  forgetTenantStanding(env, tenantId);
  return formatTenant(env, changed);
}
