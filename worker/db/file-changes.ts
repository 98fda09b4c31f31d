import type { SQL } from "drizzle-orm";
import { and, eq, ne, not, sql } from "drizzle-orm";
import type { FileId } from "#contract/ids.ts";
import { foldName } from "#contract/names.ts";
import { auditEach } from "./audit.ts";
import type { Database } from "./database.ts";
import type { EventOfEach, FileSet } from "./file-sets.ts";
import { idsOf, isLive } from "./file-sets.ts";
import { files, fileTags } from "./schema/files.ts";

export interface TagChange {
  readonly kind: "set" | "add" | "remove";
  /** Each once. */
  readonly tags: readonly string[];
  /** A file that would have more is left as it is. */
  readonly maxTags: number;
}

/** What becomes otherwise of a file; what isn't said stays as it is. */
export interface FileChange {
  readonly filename?: string | undefined;
  /** Null for none. */
  readonly entity?: { readonly type: string; readonly id: string } | null | undefined;
  readonly tags?: TagChange | undefined;
  readonly isPublic?: boolean | undefined;
}

/**
 * Changes files that aren't in the trash, each column by itself: changes at the same time lose nothing of one another
 * but where they are about the same.
 */
export async function changeFiles(
  db: Database,
  set: FileSet,
  change: FileChange,
  event: Omit<EventOfEach, "action" | "detail">,
): Promise<readonly FileId[]> {
  const changing = and(isLive(set), hasRoom(change.tags));
  const [changed] = await db.batch([
    db.select({ id: files.id }).from(files).where(changing),
    // What was otherwise before is recorded, so events come first.
    ...eventStatements(db, set, change, event, changing),
    db
      .update(files)
      .set({ updatedAtMs: event.atMs, ...columnsOf(change) })
      .where(changing),
    ...tagStatements(db, change.tags, changing),
  ]);
  return idsOf(changed);
}

function columnsOf({ filename, entity, isPublic }: FileChange): Partial<typeof files.$inferInsert> {
  return {
    ...(filename === undefined ? {} : { filename, foldedName: foldName(filename) }),
    ...(entity === undefined ? {} : { entityType: entity?.type ?? null, entityId: entity?.id ?? null }),
    ...(isPublic === undefined ? {} : { isPublic }),
  };
}

function eventStatements(
  db: Database,
  { fileIds }: FileSet,
  { isPublic, ...others }: FileChange,
  event: Omit<EventOfEach, "action" | "detail">,
  changing: SQL | undefined,
) {
  const fields = Object.entries(others).filter(([, value]) => value !== undefined);
  const { entity } = others;
  // Whom it is attached to says who may see it.
  const attached =
    entity === undefined ? {} : { entityType: entity?.type ?? null, entityId: entity?.id ?? null };
  const detail = { fields: fields.map(([name]) => name).join(","), ...attached };
  const published = isPublic ? "file.published" : "file.unpublished";
  const differs = and(changing, ne(files.isPublic, isPublic ?? false));
  return [
    ...(fields.length === 0
      ? []
      : [auditEach(db, { ...event, action: "file.changed", detail }, fileIds, changing)]),
    ...(isPublic === undefined ? [] : [auditEach(db, { ...event, action: published }, fileIds, differs)]),
  ];
}

/**
 * Without statistics SQLite takes the index for lists, which covers the table, and so reads all tags of the tenant to find
 * those of one file.
 */
const byFile = sql.raw("INDEXED BY file_tags_by_file");

const isTagOfFile = and(eq(fileTags.tenantId, files.tenantId), eq(fileTags.fileId, files.id));

function listOf(tags: readonly string[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(tags)}))`;
}

/** Tags that a file has already take no more room. */
function hasRoom(change: TagChange | undefined): SQL | undefined {
  if (change?.kind !== "add") return undefined;
  const { tags, maxTags } = change;
  const others = sql`SELECT count(*) FROM ${fileTags} ${byFile}
    WHERE ${isTagOfFile} AND ${fileTags.tag} NOT IN ${listOf(tags)}`;
  return sql`(${others}) <= ${maxTags - tags.length}`;
}

function tagStatements(db: Database, change: TagChange | undefined, changing: SQL | undefined) {
  if (change === undefined) return [];
  const { kind, tags } = change;
  return [
    ...(kind === "add" ? [] : [deleteTags(db, change, changing)]),
    ...(kind === "remove" ? [] : [insertTags(db, tags, changing)]),
  ];
}

function deleteTags(db: Database, { kind, tags }: TagChange, changing: SQL | undefined) {
  const among = sql`${fileTags.tag} IN ${listOf(tags)}`;
  const removed = sql`SELECT ${fileTags}.rowid FROM ${files} CROSS JOIN ${fileTags} ${byFile}
    WHERE ${and(changing, isTagOfFile, kind === "set" ? not(among) : among)}`;
  return db.delete(fileTags).where(sql`rowid IN (${removed})`);
}

/** The statement that adds tags to files that are live. */
export function insertTags(db: Database, tags: readonly string[], changing: SQL | undefined) {
  return db
    .insert(fileTags)
    .select(
      sql`SELECT ${files.tenantId}, ${files.id}, tag.value, ${files.createdAtMs}
          FROM ${files} JOIN json_each(${JSON.stringify(tags)}) AS tag WHERE ${changing}`,
    )
    .onConflictDoNothing();
}
