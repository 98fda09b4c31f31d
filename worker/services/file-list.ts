import { AppError } from "#contract/errors.ts";
import type { FileClass } from "#contract/file-types.ts";
import type { Identity, UserId } from "#contract/ids.ts";
import type {
  EntityCounts,
  EntityCountsRequest,
  FileList,
  FileListQuery,
  ListScope,
} from "#contract/listing.ts";
import { searchTermsOf } from "#contract/names.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor, replicaFor } from "../db/database.ts";
import type { FileFilters } from "../db/file-list.ts";
import { countFilesOfEntities, listFiles, sortValueOf } from "../db/file-list.ts";
import { isTenantErasing } from "../db/tenants.ts";
import { requireGranted } from "./entity-grants.ts";
import type { List } from "./file-list-cursor.ts";
import { formatCursor, parseCursor } from "./file-list-cursor.ts";
import type { PublicUrlOf } from "./files.ts";
import { formatFile } from "./files.ts";
import { requireRole } from "./permissions.ts";

/** Whose files a list has, where not all. */
type View = Pick<FileFilters, "ownerId" | "sharedWith" | "visibleTo">;

/** Whose files a scope has. Throws `ROLE_REQUIRED` for a member who asks for all. */
function viewOf(identity: Identity, scope: ListScope): View {
  const { userId, role, entityGrant } = identity;
  switch (scope) {
    case "own":
      return { ownerId: userId };
    case "shared":
      return { sharedWith: userId };
    case "visible":
      // To a grant's holder, all that it is for is visible.
      return role === "member" && entityGrant === undefined ? { visibleTo: userId } : {};
    case "all":
      requireRole(identity, "admin", "service");
      return {};
  }
}

/** What is listed where nothing is said: a member's own, but of one entity all that they may see. */
function scopeOf({ role }: Identity, query: Pick<FileListQuery, "scope" | "entityId" | "trash">): ListScope {
  const { scope, entityId, trash } = query;
  // Nobody sees of the trash what isn't theirs.
  if (role === "member" && trash === "true" && scope !== "all") return "own";
  if (scope !== undefined) return scope;
  if (role !== "member") return "all";
  return entityId === undefined ? "own" : "visible";
}

/**
 * Where a list is read from: the nearest copy of the database where the caller may see all that it can have, and the
 * database itself where a share, a setting or what a file is attached to decides, which may have changed a moment ago.
 */
function databaseOf(env: DatabaseBindings, { tenantId, entityGrant }: Identity, view: View): Database {
  const { sharedWith, visibleTo } = view;
  const isDecided = sharedWith !== undefined || visibleTo !== undefined || entityGrant !== undefined;
  return isDecided ? databaseFor(env, tenantId) : replicaFor(env, tenantId);
}

function parseTime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function filtersOf(query: FileListQuery, view: View): FileFilters {
  return {
    ownerId: view.ownerId ?? query.ownerId,
    sharedWith: view.sharedWith,
    visibleTo: view.visibleTo,
    entityType: query.entityType,
    entityId: query.entityId,
    // In one order, so that a cursor fits however they are repeated.
    tags: [...new Set([...(query.tags ?? []), ...(query.tag ?? [])])].toSorted(),
    mimeType: query.mimeType ?? query.type,
    sha256: query.sha256,
    fileClass: query.class satisfies FileClass | undefined,
    state: query.state,
    createdFromMs: parseTime(query.createdAfter),
    createdBeforeMs: parseTime(query.createdBefore),
    search: searchTermsOf(query.q ?? ""),
  };
}

function listOf({ tenantId }: Identity, query: FileListQuery, filters: FileFilters, nowMs: number): List {
  const trash = query.trash === "true";
  const sort = trash ? "deletion" : (query.sort ?? "date");
  const order = query.order ?? (sort === "name" ? "asc" : "desc");
  return { tenantId, filters, sort, order, trash, nowMs };
}

/** Of a caller who asks for their own files and another's: there are none. */
function isContradiction(query: FileListQuery, ownerId: UserId | undefined): boolean {
  return ownerId !== undefined && query.ownerId !== undefined && query.ownerId !== ownerId;
}

/**
 * What a holder of an entity grant lists: what is attached to its entity, and isn't in the trash. Undefined for what can't
 * be that; any other caller's query is as it is. Throws `GRANT_SCOPE`.
 */
function grantedQuery(identity: Identity, query: FileListQuery): FileListQuery | undefined {
  requireGranted(identity, "list");
  const { entityGrant } = identity;
  if (entityGrant === undefined) return query;
  const { entityType, entityId } = entityGrant;
  const isOther =
    (query.entityType ?? entityType) !== entityType || (query.entityId ?? entityId) !== entityId;
  return isOther || query.trash === "true" ? undefined : { ...query, entityType, entityId };
}

/**
 * A page of the files the caller may see. Throws `ROLE_REQUIRED` for a member who asks for all, `GRANT_SCOPE` for a holder
 * of a grant that isn't for lists, and `REQUEST_INVALID` for a cursor that isn't of this list, and `TENANT_ERASING` though the tenant was known to live.
 */
export async function getFiles(
  env: DatabaseBindings,
  identity: Identity,
  asked: FileListQuery,
  publicUrlOf: PublicUrlOf,
  nowMs: number,
): Promise<FileList> {
  const { tenantId } = identity;
  const query = grantedQuery(identity, asked);
  if (query === undefined) return { items: [], nextCursor: null };
  const view = viewOf(identity, scopeOf(identity, query));
  const list = listOf(identity, query, filtersOf(query, view), nowMs);
  const after = query.cursor === undefined ? undefined : await parseCursor(list, query.cursor);
  if (isContradiction(query, view.ownerId)) return { items: [], nextCursor: null };
  const db = databaseOf(env, identity, view);
  const found = await listFiles(db, { ...list, after, limit: query.limit + 1 });
  const isErasing = found[0]?.isTenantErasing ?? (await isTenantErasing(db, tenantId));
  if (isErasing) throw new AppError("TENANT_ERASING");
  const page = found.slice(0, query.limit);
  const last = page.at(-1)?.file;
  const hasMore = found.length > query.limit && last !== undefined;
  return {
    items: await Promise.all(page.map((each) => formatFile(each, publicUrlOf))),
    nextCursor: hasMore
      ? await formatCursor(list, { value: sortValueOf(last, list.sort), id: last.id })
      : null,
  };
}

/** How many files entities have of those that the caller may see: by a grant, no other entity has any. Throws as a list does. */
export async function getEntityCounts(
  env: DatabaseBindings,
  identity: Identity,
  { items, scope = identity.role === "member" ? "visible" : "all" }: EntityCountsRequest,
  nowMs: number,
): Promise<EntityCounts> {
  requireGranted(identity, "list");
  const { tenantId, entityGrant: within } = identity;
  const view = viewOf(identity, scope);
  const db = databaseOf(env, identity, view);
  // One that is named many times is counted once.
  const distinct = new Map(items.map((entity) => [nameOfEntity(entity), entity]));
  const [counts, isErasing] = await Promise.all([
    countFilesOfEntities(db, { tenantId, nowMs, within, ...view }, [...distinct.values()]),
    isTenantErasing(db, tenantId),
  ]);
  if (isErasing) throw new AppError("TENANT_ERASING");
  const counted = new Map([...distinct.keys()].map((name, index) => [name, counts[index]]));
  return {
    items: items.map((entity) => ({ ...entity, files: 0, bytes: 0, ...counted.get(nameOfEntity(entity)) })),
  };
}

function nameOfEntity({ entityType, entityId }: EntityCountsRequest["items"][number]): string {
  return JSON.stringify([entityType, entityId]);
}
