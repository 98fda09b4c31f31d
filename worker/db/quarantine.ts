import type { SQL } from "drizzle-orm";
import { and, desc, eq, exists, inArray, isNotNull, isNull, lte, ne, notExists, sql } from "drizzle-orm";
import type { FileVersionRef, TenantId, UserId } from "#contract/ids.ts";
import type { BlockedState } from "#contract/quarantine.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VersionPlace } from "./failed-jobs.ts";
import type { FileRow, VerdictRow, VersionRow } from "./files.ts";
import { isVersion, wasFoundLater } from "./files.ts";
import { freeing } from "./freeing.ts";
import { objectRemovalOf } from "./object-removals.ts";
import type { WantedCopies } from "./replicas.ts";
import { wantCopies } from "./replicas.ts";
import { files, fileVersions } from "./schema/files.ts";
import { laterVerdicts, verdicts } from "./schema/processing.ts";
import { selectRow } from "./select-row.ts";
import { isOfLivingTenant } from "./tenants.ts";
import { markPurging } from "./trash.ts";
import type { Renaming } from "./versions.ts";
import { promoteStatement, renameUnlessRenamed } from "./versions.ts";

/** A version that is infected or unscannable, with the newest verdict on it. */
export interface BlockedVersionRow {
  readonly file: FileRow;
  readonly version: VersionRow;
  readonly verdict: VerdictRow | undefined;
  /** Whether it was clean before. */
  readonly foundLater: boolean;
}

const IS_BLOCKED = inArray(fileVersions.state, ["infected", "unscannable"]);
/** One that isn't may yet come to nothing. */
const IS_STORED = ne(fileVersions.state, "uploading");

function ofFile(db: Database) {
  return db
    .select({ file: files, version: fileVersions })
    .from(fileVersions)
    .innerJoin(files, and(eq(files.tenantId, fileVersions.tenantId), eq(files.id, fileVersions.fileId)));
}

async function addVerdicts(
  db: Database,
  tenantId: TenantId,
  rows: readonly Omit<BlockedVersionRow, "verdict" | "foundLater">[],
): Promise<readonly BlockedVersionRow[]> {
  if (rows.length === 0) return [];
  const ids = JSON.stringify([...new Set(rows.map(({ file }) => file.id))]);
  const found = await db
    .select()
    .from(verdicts)
    .where(
      and(eq(verdicts.tenantId, tenantId), sql`${verdicts.fileId} IN (SELECT value FROM json_each(${ids}))`),
    )
    .orderBy(desc(verdicts.scannedAtMs));
  return rows.map((row) => {
    const ofVersion = found.filter(
      ({ fileId, version }) => fileId === row.file.id && version === row.version.version,
    );
    return { ...row, verdict: ofVersion[0], foundLater: wasFoundLater(ofVersion) };
  });
}

/** A tenant's blocked versions, in one state or both, the newest first. */
export async function findBlockedVersions(
  db: Database,
  tenantId: TenantId,
  { state, after }: { readonly state: BlockedState | undefined; readonly after: VersionPlace | undefined },
  limit: number,
): Promise<readonly BlockedVersionRow[]> {
  const { blockedAtMs, fileId, version } = fileVersions;
  const isBehind =
    after &&
    sql`(${blockedAtMs}, ${fileId}, ${version}) < (${after.atMs}, ${after.fileId}, ${after.version})`;
  const rows = await ofFile(db)
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        isNotNull(blockedAtMs),
        state === undefined ? IS_BLOCKED : eq(fileVersions.state, state),
        isNull(files.purgingAtMs),
        isBehind,
      ),
    )
    .orderBy(desc(blockedAtMs), desc(fileId), desc(version))
    .limit(limit);
  return addVerdicts(db, tenantId, rows);
}

/** One version of a tenant's file, blocked or not, that isn't being removed for good. */
export async function findVersionOfFile(
  db: Database,
  ref: FileVersionRef,
): Promise<BlockedVersionRow | undefined> {
  const rows = await ofFile(db).where(and(isVersion(ref), isNull(files.purgingAtMs)));
  const [found] = await addVerdicts(db, ref.tenantId, rows);
  return found;
}

/**
 * Takes on blocked versions of any tenant whose time is over, the longest overdue first, and puts them behind all others:
 * so they are where they belong if they can't be removed now.
 */
export async function takeDueBlockedVersions(
  db: Database,
  nowMs: number,
  limit: number,
): Promise<readonly FileVersionRef[]> {
  const due = sql`SELECT ${fileVersions}.rowid FROM ${fileVersions}
    JOIN ${files} ON ${files.tenantId} = ${fileVersions.tenantId} AND ${files.id} = ${fileVersions.fileId}
    WHERE ${and(lte(fileVersions.purgeAtMs, nowMs), IS_BLOCKED, isNull(files.purgingAtMs), isOfLivingTenant("files"))}
    ORDER BY ${fileVersions.purgeAtMs} LIMIT ${limit}`;
  return db
    .update(fileVersions)
    .set({ purgeAtMs: nowMs })
    .where(sql`rowid IN (${due})`)
    .returning({
      tenantId: fileVersions.tenantId,
      fileId: fileVersions.fileId,
      version: fileVersions.version,
    });
}

export interface Release {
  readonly decidedBy: UserId;
  readonly reason: string;
  readonly engine: string;
  /** That of the verdict which this one overrules. */
  readonly signatureVersion: string;
  /** After that one's. */
  readonly scannedAtMs: number;
}

/**
 * Makes a blocked version clean by a person's verdict; a later version may so become the current one. False where it isn't
 * blocked any more.
 */
export async function releaseVersion(
  db: Database,
  ref: FileVersionRef,
  release: Release,
  promotion: Renaming | undefined,
  copies: WantedCopies,
  event: AuditEvent,
): Promise<boolean> {
  const { tenantId, fileId, version } = ref;
  const isBlocked = and(isVersion(ref), IS_BLOCKED);
  const row = { tenantId, fileId, version, verdict: "clean", signatureName: null, ...release } as const;
  const [, released] = await db.batch([
    db
      .insert(laterVerdicts)
      .select(sql`${selectRow(laterVerdicts, row)} FROM ${fileVersions} WHERE ${isBlocked}`),
    db
      .update(fileVersions)
      // Derivatives are made of it from here on.
      .set({ state: "clean", blockedAtMs: null, purgeAtMs: null, announcedAtMs: event.atMs })
      .where(isBlocked)
      .returning({ version: fileVersions.version }),
    auditIfChanged(db, event),
    db
      .update(files)
      .set({ updatedAtMs: event.atMs })
      .where(and(eq(files.tenantId, tenantId), eq(files.id, fileId))),
    ...(promotion === undefined ? [] : [promoteStatement(db, ref, promotion, event.atMs)]),
    ...wantCopies(db, ref, copies),
  ]);
  return released.length > 0;
}

/** The version that takes the place of one that is removed, and under what name. */
export interface Successor {
  readonly version: number;
  readonly renaming: Renaming;
}

/**
 * Removes a blocked version's record, and writes down that its objects are to be removed, both or neither. Where it is its
 * file's current one, `successor` takes its place. False where it isn't there, isn't blocked, or would leave its file
 * without a version.
 */
export async function deleteBlockedVersion(
  db: Database,
  ref: FileVersionRef,
  successor: Successor | undefined,
  event: AuditEvent,
): Promise<boolean> {
  const isFile = and(eq(files.tenantId, ref.tenantId), eq(files.id, ref.fileId), isNull(files.purgingAtMs));
  const isNotCurrent = and(isFile, ne(files.currentVersion, ref.version));
  const rowOf = (condition: SQL | undefined, table: typeof files | typeof fileVersions) =>
    exists(
      db
        .select({ one: sql`1` })
        .from(table)
        .where(condition),
    );
  const isRemovable = and(isVersion(ref), IS_BLOCKED, rowOf(isNotCurrent, files));
  const isCurrent = and(isFile, eq(files.currentVersion, ref.version));
  const isBlocked = rowOf(and(isVersion(ref), IS_BLOCKED), fileVersions);
  const succeed =
    successor &&
    db
      .update(files)
      .set({
        currentVersion: successor.version,
        ...renameUnlessRenamed(successor.renaming),
        updatedAtMs: event.atMs,
      })
      .where(
        and(
          isCurrent,
          isBlocked,
          rowOf(and(isVersion({ ...ref, version: successor.version }), IS_STORED), fileVersions),
        ),
      );
  return freeing(db, event, [ref.fileId], async (record) => {
    const remove = [
      // Of the row that goes next.
      objectRemovalOf(db, ref, isRemovable, event.atMs),
      db.delete(fileVersions).where(isRemovable).returning({ version: fileVersions.version }),
      record(auditIfChanged(db, event)),
    ] as const;
    if (succeed === undefined) {
      const [, deleted] = await db.batch(remove);
      return deleted.length > 0;
    }
    const [, , deleted] = await db.batch([succeed, ...remove]);
    return deleted.length > 0;
  });
}

/** Marks a file for its purge whose only stored version is a blocked one. False where it has others, or this isn't blocked. */
export async function markBlockedFile(
  db: Database,
  ref: FileVersionRef,
  deletedBy: UserId,
  event: Omit<AuditEvent, "action" | "detail" | "fileId" | "version">,
): Promise<boolean> {
  const { tenantId, fileId, version } = ref;
  const another = db
    .select({ one: sql`1` })
    .from(fileVersions)
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        eq(fileVersions.fileId, fileId),
        ne(fileVersions.version, version),
        IS_STORED,
      ),
    );
  const isBlocked = exists(
    db
      .select({ one: sql`1` })
      .from(fileVersions)
      .where(and(isVersion(ref), IS_BLOCKED)),
  );
  const condition = and(isBlocked, notExists(another));
  const marked = await markPurging(db, { tenantId, fileIds: [fileId] }, deletedBy, event, condition);
  return marked.length > 0;
}
