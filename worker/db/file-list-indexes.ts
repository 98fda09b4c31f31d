import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";

/** What the trash is sorted by is `deletion`; nothing else is. */
export type SortKey = "date" | "name" | "size" | "deletion";

/** What a list may look at of a file. `row` is what no wide index has, a lookup of its own for each file. */
export type Fact = "owner" | "entityType" | "class" | "name" | "created" | "size" | "row";

/** Where a list's files can come from: one index, of files or of what points at them. Files are `f` in all of them. */
export interface Source {
  readonly index: string;
  readonly from: SQL;
  /** By which files come in their order without being sorted. */
  readonly sort?: SortKey | undefined;
  /** When a file was made and its id, where the index has them. */
  readonly createdAtMs: SQL;
  readonly id: SQL;
  /** What can be looked at without a lookup; undefined where each file takes one anyhow. */
  readonly covers: ReadonlySet<Fact> | undefined;
}

const WIDE: readonly Fact[] = ["owner", "entityType", "class", "name", "created"];

function indexOfFiles(index: string, covers: readonly Fact[], sort?: SortKey): Source {
  return {
    ...{ index, sort, covers: new Set(covers), from: sql.raw(`files AS f INDEXED BY ${index}`) },
    ...{ createdAtMs: sql`f.created_at_ms`, id: sql`f.id` },
  };
}

export const BY_CREATION = indexOfFiles("files_by_creation", WIDE, "date");
export const BY_NAME = indexOfFiles("files_by_name", WIDE, "name");
export const BY_SIZE = indexOfFiles("files_by_size", [...WIDE, "size"], "size");
export const BY_OWNER = indexOfFiles("files_by_owner", [...WIDE, "size"], "date");
export const BY_ENTITY = indexOfFiles("files_by_entity", ["entityType", "created"], "date");
export const BY_ENTITY_TYPE = indexOfFiles("files_by_entity", ["entityType", "created"]);
/** Infected and unscannable ones. */
export const BLOCKED = indexOfFiles("files_blocked", ["created"], "date");
/** Of every class but documents. */
export const BY_CLASS = indexOfFiles("files_by_rarer_class", ["class", "created"], "date");
export const BY_TYPE = indexOfFiles("files_by_type", ["created"], "date");
/** By the current version's bytes; whether a file is attached to an entity, and whose it is, are asked before it is read. */
export const BY_SHA256 = indexOfFiles("files_by_sha256", ["owner", "created"]);
export const IN_TRASH = indexOfFiles("files_in_trash", WIDE, "deletion");
export const IN_TRASH_BY_OWNER = indexOfFiles("files_in_trash_by_owner", WIDE, "deletion");

/** Of what is no index of files: each file takes a lookup. */
const BESIDE_FILES = { covers: undefined, createdAtMs: sql`f.created_at_ms`, id: sql`f.id` } as const;

export const BY_SHARE: Source = {
  index: "shares_by_user",
  from: sql`shares AS s INDEXED BY shares_by_user CROSS JOIN files AS f ON f.tenant_id = s.tenant_id AND f.id = s.file_id`,
  ...BESIDE_FILES,
};

/** Files whose first upload is under way, by its reservation. */
export const BY_RESERVATION: Source = {
  index: "PRIMARY KEY",
  from: sql`quota_reservations AS r CROSS JOIN files AS f
    ON f.tenant_id = r.tenant_id AND f.id = r.file_id AND f.current_version = r.version`,
  ...BESIDE_FILES,
};

/** Files that wait for their first verdict. Those of all tenants are looked through, which are few: they wait for seconds. */
export const WAITING: Source = {
  index: "file_versions_waiting",
  from: sql`file_versions AS w INDEXED BY file_versions_waiting CROSS JOIN files AS f
    ON f.tenant_id = w.tenant_id AND f.id = w.file_id AND f.current_version = w.version`,
  ...BESIDE_FILES,
};

/** Every tag's own, since each has files in its order. */
export const BY_TAG: Source = {
  index: "file_tags_by_creation",
  from: sql`file_tags AS t INDEXED BY file_tags_by_creation CROSS JOIN files AS f ON f.tenant_id = t.tenant_id AND f.id = t.file_id`,
  ...{ sort: "date", covers: undefined, createdAtMs: sql`t.file_created_at_ms`, id: sql`t.file_id` },
};

/** Files whose names were found already: their numbers in `file_search`, as JSON. */
export function sourceOfFound(searchIds: string): Source {
  return {
    index: "files_by_search",
    from: sql`json_each(${searchIds}) AS found CROSS JOIN files AS f INDEXED BY files_by_search ON f.search_id = found.value`,
    ...BESIDE_FILES,
  };
}
