import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { FileClass } from "#contract/file-types.ts";
import type { FileId, TenantId, UserId } from "#contract/ids.ts";
import type { SearchTerms } from "#contract/names.ts";
import type { Fact, SortKey, Source } from "./file-list-indexes.ts";
import type { FileRow } from "./files.ts";

export interface FileFilters {
  readonly ownerId?: UserId | undefined;
  readonly entityType?: string | undefined;
  /** Only with `entityType`. */
  readonly entityId?: string | undefined;
  /** All of them. */
  readonly tags: readonly string[];
  readonly mimeType?: string | undefined;
  /** Of the current version, in hex. */
  readonly sha256?: string | undefined;
  readonly fileClass?: FileClass | undefined;
  readonly state?: FileRow["state"] | undefined;
  readonly createdFromMs?: number | undefined;
  readonly createdBeforeMs?: number | undefined;
  readonly search: SearchTerms;
  readonly sharedWith?: UserId | undefined;
  /** Those that this member may see. */
  readonly visibleTo?: UserId | undefined;
}

/** One page of one tenant's files. */
export interface FileListing {
  readonly tenantId: TenantId;
  readonly filters: FileFilters;
  readonly sort: SortKey;
  readonly order: "asc" | "desc";
  /** Where the page before ended. */
  readonly after?: { readonly value: string | number; readonly id: FileId } | undefined;
  readonly limit: number;
  readonly trash: boolean;
  readonly nowMs: number;
}

/** From one value on, and to before another. */
export interface Range {
  readonly sort: "date" | "name";
  readonly from?: string | number | undefined;
  readonly before?: string | number | undefined;
}

/** A check by ids that are at hand. */
export interface Listed {
  readonly check: SQL;
  /** The filter whose files' ids they are, where not its own. */
  readonly of?: Filter;
}

/** One thing that holds of all files of a list. */
export interface Filter {
  readonly fact: Fact;
  readonly check: SQL;
  /** What finds these files, and how to count them. Absent where they can only be recognised. */
  readonly source?: Source | undefined;
  /** `FROM … WHERE …` of rows, one for each file; there may be more than the source has, of files in the trash. */
  readonly counted?: SQL | undefined;
  /** How far its files are counted, where not as far as others' are. */
  readonly bound?: number;
  /** Which part of a tenant's files it is taken to have where they aren't counted. */
  readonly part?: number;
  /** What looks at a list of ids that is made before, where each file would take a lookup. */
  readonly listed?: Listed;
  /** FTS5's query by which names are found; the source is made of what it finds. */
  readonly match?: string | undefined;
  /** That the source has no others, so that its files needn't be checked. */
  readonly isExact?: true;
  /** Filters that have all of these files between them, where no source has. */
  readonly parts?: readonly Filter[];
  /** Of a filter that is a part of an order: what a walk or a gather by it begins and ends with. */
  readonly range?: Range;
}

export const LIVE = sql`f.deleted_at_ms IS NULL AND f.purging_at_ms IS NULL`;
/** That there are bytes of it: its first upload is over. */
export const STORED = sql`f.state <> 'uploading'`;
const TRASH = sql`f.deleted_at_ms IS NOT NULL AND f.purging_at_ms IS NULL`;

/** What holds of every file of the list, whatever its filters. */
export function baseOf({ tenantId, trash }: FileListing): SQL {
  return sql`f.tenant_id = ${tenantId} AND ${trash ? TRASH : LIVE}`;
}

/** That a file is one of those that a `SELECT` has. */
export function isAmong(ids: SQL): Listed {
  return { check: sql`f.id IN (${ids})` };
}

/** A filter that has its files in an index of files. */
export function filesIn(source: Source, fact: Fact, listing: FileListing, check: SQL): Filter {
  const counted = sql`${source.from} WHERE ${baseOf(listing)} AND ${check}`;
  return { fact, check, source, counted, listed: isAmong(sql`SELECT f.id FROM ${counted}`) };
}
