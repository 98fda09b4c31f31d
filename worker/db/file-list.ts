import { and, asc, desc, eq, sql } from "drizzle-orm";
import type { TenantId, UserId } from "#contract/ids.ts";
import type { Database } from "./database.ts";
import type { FileListing, Filter } from "./file-list-filter.ts";
import { LIVE, STORED } from "./file-list-filter.ts";
import { namesFound } from "./file-list-filters.ts";
import type { SortKey } from "./file-list-indexes.ts";
import { pageQuery } from "./file-list-pages.ts";
import type { Measures, Plan, Question } from "./file-list-plans.ts";
import { boundOf, choosePlan, countedOf, obviousPlan, questionOf } from "./file-list-plans.ts";
import { isSharedWith, isVisibleTo } from "./file-list-viewers.ts";
import type { FileRow, FileWithDetails } from "./files.ts";
import { findDetails } from "./files.ts";
import { files } from "./schema/files.ts";
import { tenants } from "./schema/tenants.ts";

export type { FileFilters, FileListing } from "./file-list-filter.ts";

const SORT_COLUMNS = {
  date: files.createdAtMs,
  name: files.foldedName,
  size: files.sizeBytes,
  deletion: files.deletedAtMs,
} as const;

/** What a file is listed by: with its id, its place in the list. */
export function sortValueOf(file: FileRow, sort: SortKey): string | number {
  const values = { date: file.createdAtMs, name: file.foldedName, size: file.sizeBytes };
  return sort === "deletion" ? (file.deletedAtMs ?? 0) : values[sort];
}

/** A page of a tenant's files. How it is found: file-list-plans.ts and docs/decisions/0011-lists.md. */
export async function listFiles(db: Database, listing: FileListing): Promise<readonly FileWithDetails[]> {
  const question = questionOf(listing);
  const plan = obviousPlan(question) ?? choosePlan(question, await measureFilters(db, question));
  return readPage(db, question, plan);
}

/** A page of files by a given plan. */
export function readPage(db: Database, question: Question, plan: Plan): Promise<readonly FileWithDetails[]> {
  const { tenantId, order, sort, limit } = question.listing;
  const isListed = sql`${files.id} IN (${pageQuery(question, plan)})`;
  const direction = order === "asc" ? asc : desc;
  const inOrder = [direction(SORT_COLUMNS[sort]), direction(files.id)];
  return findDetails(db, and(eq(files.tenantId, tenantId), isListed), limit, undefined, inOrder);
}

/** A filter's statement that counts, where there is an index to count by. */
function countOf(db: Database, filter: Filter, tenantId: TenantId) {
  const { match, counted } = filter;
  const matches = sql<number>`count(*)`.as("matches");
  if (match !== undefined) {
    const searchIds = sql<string>`json_group_array(search_id)`.as("search_ids");
    return db.select({ matches, searchIds }).from(namesFound(tenantId, match, boundOf(filter)));
  }
  if (counted === undefined) return undefined;
  return db.select({ matches }).from(sql`(SELECT 1 FROM ${counted} LIMIT ${boundOf(filter)})`);
}

/** Counts each filter's files up to a bound, in one batch. */
export async function measureFilters(db: Database, question: Question): Promise<Measures> {
  const { tenantId } = question.listing;
  const counts = countedOf(question).flatMap((filter) => {
    const query = countOf(db, filter, tenantId);
    return query === undefined ? [] : [{ filter, query }];
  });
  const [tenant, ...rows] = await db.batch([
    db.select({ fileCount: tenants.fileCount }).from(tenants).where(eq(tenants.tenantId, tenantId)),
    ...counts.map(({ query }) => query),
  ]);
  const measured = counts.map(({ filter }, index) => {
    return [filter, { matches: 0, bound: boundOf(filter), ...rows[index]?.[0] }] as const;
  });
  return { fileCount: tenant[0]?.fileCount ?? 0, filters: new Map(measured) };
}

/** An entity's files: how many, and the bytes of their current versions. */
export interface EntityCount {
  readonly files: number;
  readonly bytes: number;
}

/** Counts the files of entities, in their order: all of the tenant's, or those that a viewer's scope has. */
export async function countFilesOfEntities(
  db: Database,
  {
    tenantId,
    within,
    ownerId,
    sharedWith,
    visibleTo,
    nowMs,
  }: Pick<FileListing, "tenantId" | "nowMs"> & EntityViewer,
  entities: readonly { readonly entityType: string; readonly entityId: string }[],
): Promise<readonly EntityCount[]> {
  const isInScope = [
    ...(within === undefined
      ? []
      : [sql`AND f.entity_type = ${within.entityType} AND f.entity_id = ${within.entityId}`]),
    ...(ownerId === undefined ? [] : [sql`AND f.owner_id = ${ownerId}`]),
    ...(sharedWith === undefined ? [] : [sql`AND ${isSharedWith(sharedWith, nowMs)}`]),
    ...(visibleTo === undefined ? [] : [sql`AND ${isVisibleTo(tenantId, visibleTo, nowMs)}`]),
  ];
  return db.all<EntityCount>(sql`
    SELECT count(f.id) AS files, coalesce(sum(max(f.size_bytes, 0)), 0) AS bytes
    FROM json_each(${JSON.stringify(entities)}) AS entity
    LEFT JOIN files AS f INDEXED BY files_by_entity
      ON f.tenant_id = ${tenantId} AND ${LIVE} AND ${STORED} AND f.entity_type = entity.value ->> 'entityType'
      AND f.entity_id = entity.value ->> 'entityId' ${sql.join(isInScope, sql` `)}
    GROUP BY entity.key ORDER BY entity.key`);
}

/** Whose files are counted, where not all are. */
interface EntityViewer {
  readonly within?: { readonly entityType: string; readonly entityId: string } | undefined;
  readonly ownerId?: UserId | undefined;
  readonly sharedWith?: UserId | undefined;
  readonly visibleTo?: UserId | undefined;
}
