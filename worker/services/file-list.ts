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
import type { DatabaseBindings } from "../db/database.ts";
import { replicaFor } from "../db/database.ts";
import type { FileFilters } from "../db/file-list.ts";
import { countFilesOfEntities, listFiles, sortValueOf } from "../db/file-list.ts";
import { isTenantErasing } from "../db/tenants.ts";
import type { PublicUrlOf } from "./files.ts";
import { formatFile } from "./files.ts";
import type { List } from "./list-cursor.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import { requireRole } from "./permissions.ts";

/** Whose files a scope has. Throws `ROLE_REQUIRED` for a member who asks for all. */
function viewOf(
  identity: Identity,
  scope: ListScope = identity.role === "member" ? "own" : "all",
): Pick<FileFilters, "ownerId" | "sharedWith"> {
  if (scope === "all") requireRole(identity, "admin", "service");
  return {
    ownerId: scope === "own" ? identity.userId : undefined,
    sharedWith: scope === "shared" ? identity.userId : undefined,
  };
}

function parseTime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function filtersOf(query: FileListQuery, view: Pick<FileFilters, "ownerId" | "sharedWith">): FileFilters {
  return {
    ownerId: view.ownerId ?? query.ownerId,
    sharedWith: view.sharedWith,
    entityType: query.entityType,
    entityId: query.entityId,
    // In one order, so that a cursor fits however they are repeated.
    tags: [...new Set([...(query.tags ?? []), ...(query.tag ?? [])])].toSorted(),
    mimeType: query.mimeType ?? query.type,
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
 * A page of the files the caller may see. Throws `ROLE_REQUIRED` for a member who asks for all, and `REQUEST_INVALID`
 * for a cursor that isn't of this list, and `TENANT_ERASING` though the tenant was known to live.
 */
export async function getFiles(
  env: DatabaseBindings,
  identity: Identity,
  query: FileListQuery,
  publicUrlOf: PublicUrlOf,
  nowMs: number,
): Promise<FileList> {
  const { tenantId } = identity;
  const view = viewOf(identity, query.scope);
  const list = listOf(identity, query, filtersOf(query, view), nowMs);
  const after = query.cursor === undefined ? undefined : await parseCursor(list, query.cursor);
  if (isContradiction(query, view.ownerId)) return { items: [], nextCursor: null };
  const db = replicaFor(env, tenantId);
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

/** How many files entities have of those that the caller may see. Throws as a list does. */
export async function getEntityCounts(
  env: DatabaseBindings,
  identity: Identity,
  { items, scope }: EntityCountsRequest,
  nowMs: number,
): Promise<EntityCounts> {
  const { tenantId } = identity;
  const viewer = { tenantId, nowMs, ...viewOf(identity, scope) };
  const db = replicaFor(env, tenantId);
  const [counts, isErasing] = await Promise.all([
    countFilesOfEntities(db, viewer, items),
    isTenantErasing(db, tenantId),
  ]);
  if (isErasing) throw new AppError("TENANT_ERASING");
  return { items: items.map((entity, index) => ({ ...entity, files: 0, bytes: 0, ...counts[index] })) };
}
