import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { FileClass } from "#contract/file-types.ts";
import type { TenantId } from "#contract/ids.ts";
import { lengthOf, SEARCHED_LENGTH } from "#contract/names.ts";
import { allOf } from "./all-of.ts";
import { digestFilter, ownerFilter } from "./file-list-digests.ts";
import type { FileListing, Filter, Range } from "./file-list-filter.ts";
import { filesIn, isAmong } from "./file-list-filter.ts";
import type { Fact, Source } from "./file-list-indexes.ts";
import {
  BLOCKED,
  BY_CLASS,
  BY_CREATION,
  BY_ENTITY,
  BY_ENTITY_TYPE,
  BY_NAME,
  BY_RESERVATION,
  BY_SIZE,
  BY_TAG,
  BY_TYPE,
  IN_TRASH,
  IN_TRASH_BY_OWNER,
  WAITING,
} from "./file-list-indexes.ts";
import { sharedFilter, visibleFilter } from "./file-list-viewers.ts";
import type { FileRow } from "./files.ts";

/** The index that has a list's files in its order. */
export function sortedSource({ sort, filters }: FileListing): Source {
  if (sort === "deletion") return filters.ownerId === undefined ? IN_TRASH : IN_TRASH_BY_OWNER;
  return { date: BY_CREATION, name: BY_NAME, size: BY_SIZE }[sort];
}

function tagFilter({ tenantId }: FileListing, tag: string): Filter {
  const own = sql`t.tenant_id = ${tenantId} AND t.tag = ${tag}`;
  return {
    fact: "row",
    check: sql`(SELECT 1 FROM file_tags AS other WHERE other.tenant_id = f.tenant_id AND other.tag = ${tag} AND other.file_id = f.id) IS NOT NULL`,
    source: { ...BY_TAG, from: sql`${BY_TAG.from} AND ${own}` },
    counted: sql`file_tags AS t INDEXED BY file_tags_by_creation WHERE ${own}`,
    listed: isAmong(sql`SELECT t.file_id FROM file_tags AS t INDEXED BY file_tags_by_creation WHERE ${own}`),
    isExact: true,
  };
}

function entityFilter(listing: FileListing, entityType: string, entityId: string | undefined): Filter {
  const isOfType = sql`f.entity_type = ${entityType}`;
  if (entityId === undefined) return filesIn(BY_ENTITY_TYPE, "entityType", listing, isOfType);
  return filesIn(BY_ENTITY, "row", listing, sql`${isOfType} AND f.entity_id = ${entityId}`);
}

/** Most files are clean, and are recognised; no index has those. The others are few, and each state has its own place. */
function stateFilter(listing: FileListing, state: FileRow["state"]): Filter {
  const { tenantId } = listing;
  const recognised = { fact: "row", check: sql`f.state = ${state}` } as const;
  switch (state) {
    case "clean":
      return recognised;
    case "infected":
    case "unscannable":
      return filesIn(
        BLOCKED,
        "row",
        listing,
        sql`f.state = ${state} AND f.state IN ('infected', 'unscannable')`,
      );
    case "quarantined":
      return besideFiles(recognised, WAITING, sql`w.tenant_id = ${tenantId} AND w.state = 'quarantined'`);
    case "uploading":
      return besideFiles(recognised, BY_RESERVATION, sql`r.tenant_id = ${tenantId}`);
  }
}

function besideFiles(recognised: Filter, source: Source, own: SQL): Filter {
  const from = sql`${source.from} AND ${own}`;
  return { ...recognised, source: { ...source, from }, counted: sql`${from} WHERE true` };
}

/** No index has documents, the class of most files: they are recognised where they are met. */
function classFilter(listing: FileListing, fileClass: FileClass): Filter {
  const isOfClass = sql`f.file_class = ${fileClass}`;
  if (fileClass === "document") return { fact: "class", check: isOfClass };
  return filesIn(BY_CLASS, "class", listing, sql`${isOfClass} AND f.file_class <> 'document'`);
}

const RANGE_COLUMNS = { date: sql`f.created_at_ms`, name: sql`f.folded_name` };

/** The conditions of a range. Those on `+column` are checked and never an index's: see `boundsOf`. */
function rangeTerms({ from, before }: Range, column: SQL): readonly SQL[] {
  return [
    ...(from === undefined ? [] : [sql`${column} >= ${from}`]),
    ...(before === undefined ? [] : [sql`${column} < ${before}`]),
  ];
}

function rangeFilter(source: Source, fact: Fact, listing: FileListing, range: Range): Filter {
  const column = RANGE_COLUMNS[range.sort];
  const within = (of: SQL): SQL => sql.join([...rangeTerms(range, of)], sql` AND `);
  return { ...filesIn(source, fact, listing, within(column)), check: within(sql`+${column}`), range };
}

/**
 * Where a walk or a gather begins and ends. SQLite takes one bound of an index at each end, so the cursor's place, which
 * is within the range, is there instead of the range's own.
 */
export function boundsOf(
  filter: Filter,
  source: Source,
  { sort, order, after }: FileListing,
): readonly SQL[] {
  const { range } = filter;
  if (range === undefined) return [];
  const isPassed = after !== undefined && sort === range.sort;
  const left = isPassed ? { ...range, [order === "asc" ? "from" : "before"]: undefined } : range;
  return rangeTerms(left, range.sort === "date" ? source.createdAtMs : RANGE_COLUMNS.name);
}

function createdFilter(listing: FileListing): Filter {
  const { createdFromMs: from, createdBeforeMs: before } = listing.filters;
  return rangeFilter(BY_CREATION, "created", listing, { sort: "date", from, before });
}

/** Above every name that begins with `prefix`: of a name's 255 bytes these would be 256. */
const LAST_NAME = "\u{10ffff}".repeat(64);

function prefixFilter(listing: FileListing, prefix: string): Filter {
  const range = { sort: "name", from: prefix, before: prefix + LAST_NAME } as const;
  return rangeFilter(BY_NAME, "name", listing, range);
}

/** A word as FTS5 takes it, whatever is in it: a string, in which a quote is doubled (FTS5, 3.1). */
function quoteWord(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}

function searchFilter(words: readonly string[]): Filter {
  const found = words.filter((word) => lengthOf(word) >= SEARCHED_LENGTH);
  return {
    fact: "name",
    check: allOf(words.map((word) => sql`instr(f.folded_name, ${word}) > 0`)),
    match: found.length === 0 ? undefined : found.map(quoteWord).join(" AND "),
  };
}

/** Makes a filter of what is given, and nothing of what isn't. */
function given<T>(value: T | undefined, filterOf: (value: T) => Filter): readonly Filter[] {
  return value === undefined ? [] : [filterOf(value)];
}

/** A list's filters, each by itself. */
export function filtersOf(listing: FileListing): readonly Filter[] {
  const { filters } = listing;
  const { createdFromMs, createdBeforeMs, entityType, entityId, search } = filters;
  return [
    ...given(filters.ownerId, (ownerId) => ownerFilter(listing, ownerId)),
    ...given(entityType, (type) => entityFilter(listing, type, entityId)),
    ...given(filters.state, (state) => stateFilter(listing, state)),
    ...given(filters.fileClass, (fileClass) => classFilter(listing, fileClass)),
    ...given(filters.mimeType, (type) => filesIn(BY_TYPE, "row", listing, sql`f.mime_type = ${type}`)),
    ...given(filters.sha256, (sha256) => digestFilter(listing, sha256)),
    ...given(createdFromMs ?? createdBeforeMs, () => createdFilter(listing)),
    ...filters.tags.map((tag) => tagFilter(listing, tag)),
    ...given(filters.sharedWith, (userId) => sharedFilter(listing, userId)),
    ...given(filters.visibleTo, (userId) => visibleFilter(listing, userId)),
    ...given(search.prefix, (prefix) => prefixFilter(listing, prefix)),
    ...(search.words.length === 0 ? [] : [searchFilter(search.words)]),
  ];
}

/**
 * `FROM` of a tenant's names that a search finds, by their numbers, and no more than `bound`. Other tenants' are outside
 * the range: nothing of them is looked at.
 */
export function namesFound(tenantId: TenantId, match: string, bound: number): SQL {
  const number = sql`(SELECT number FROM tenants WHERE tenant_id = ${tenantId})`;
  return sql`(SELECT rowid AS search_id FROM file_search WHERE file_search MATCH ${match}
    AND rowid >= ${number} << 30 AND rowid < (${number} + 1) << 30 LIMIT ${bound})`;
}
