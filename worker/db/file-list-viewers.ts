import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { TenantId, UserId } from "#contract/ids.ts";
import { isAttachedWith, ownParts } from "./file-list-digests.ts";
import type { FileListing, Filter } from "./file-list-filter.ts";
import { filesIn, isAmong } from "./file-list-filter.ts";
import { BY_ENTITY_TYPE, BY_SHA256, BY_SHARE } from "./file-list-indexes.ts";

/** Which files somebody may see, as filters of lists. */

/** Not EXISTS, which SQLite may make a join of that it begins with; both are looked up by their whole key. */
export function isSharedWith(userId: UserId, nowMs: number): SQL {
  return sql`(SELECT 1 FROM shares AS own WHERE own.tenant_id = f.tenant_id AND own.file_id = f.id
    AND own.user_id = ${userId} AND (own.expires_at_ms IS NULL OR own.expires_at_ms > ${nowMs})) IS NOT NULL`;
}

/** `SELECT` of the ids of what is shared with a member. */
function sharedIds(tenantId: TenantId, userId: UserId, nowMs: number): SQL {
  return sql`SELECT s.file_id FROM shares AS s INDEXED BY shares_by_user WHERE s.tenant_id = ${tenantId}
    AND s.user_id = ${userId} AND (s.expires_at_ms IS NULL OR s.expires_at_ms > ${nowMs})`;
}

export function sharedFilter({ tenantId, nowMs }: FileListing, userId: UserId): Filter {
  const own = sql`s.tenant_id = ${tenantId} AND s.user_id = ${userId}`;
  return {
    fact: "row",
    check: isSharedWith(userId, nowMs),
    source: { ...BY_SHARE, from: sql`${BY_SHARE.from} AND ${own}` },
    counted: sql`shares AS s INDEXED BY shares_by_user WHERE ${own}`,
    listed: isAmong(sharedIds(tenantId, userId, nowMs)),
  };
}

/** Where all of a tenant's members may read what is attached to an entity. */
function hasOpenEntities(tenantId: TenantId): SQL {
  return sql`(SELECT settings ->> 'entityAccess' FROM tenants WHERE tenant_id = ${tenantId}) IS NOT 'owner'`;
}

const IS_ATTACHED = sql`f.entity_type IS NOT NULL AND f.entity_id IS NOT NULL`;

/**
 * What a member may see: the rule of services/permissions.ts, as SQL. Never asked of the trash, which is its owners'. Where
 * all of a tenant may read what is attached to an entity is looked up once a statement.
 */
export function isVisibleTo(tenantId: TenantId, userId: UserId, nowMs: number): SQL {
  return visibleBy(tenantId, userId, isSharedWith(userId, nowMs));
}

function visibleBy(tenantId: TenantId, userId: UserId, isShared: SQL): SQL {
  return sql`(f.owner_id = ${userId} OR (${IS_ATTACHED} AND ${hasOpenEntities(tenantId)}) OR ${isShared})`;
}

/** What is attached to an entity, where that is enough to be seen: the setting is asked before any file is. */
function openFilter(listing: FileListing): Filter {
  const { tenantId, filters } = listing;
  const { sha256 } = filters;
  const [source, check] =
    sha256 === undefined ? [BY_ENTITY_TYPE, IS_ATTACHED] : [BY_SHA256, isAttachedWith(sha256)];
  const from = sql`(SELECT 1 WHERE ${hasOpenEntities(tenantId)}) AS open CROSS JOIN ${source.from}`;
  return filesIn({ ...source, from }, "row", listing, check);
}

/** Of a member's own and of attached files so many are counted: where there are more, a page is soon full of them. */
const VISIBLE_BOUND = 2_000;

/** No index has all of these files, but each has a part of them. */
export function visibleFilter(listing: FileListing, userId: UserId): Filter {
  const { tenantId, nowMs } = listing;
  const shared = sharedFilter(listing, userId);
  const isShared = isAmong(sharedIds(tenantId, userId, nowMs)).check;
  return {
    fact: "row",
    check: isVisibleTo(tenantId, userId, nowMs),
    listed: { check: visibleBy(tenantId, userId, isShared), of: shared },
    parts: [
      ...ownParts(listing, userId).map((own) => ({ ...own, bound: VISIBLE_BOUND })),
      ...[shared, { ...openFilter(listing), bound: VISIBLE_BOUND }],
    ],
  };
}
