import { and, eq, isNull, sql } from "drizzle-orm";
import type { FileId, FileVersionRef, TenantId } from "#contract/ids.ts";
import type { RepairReport } from "#contract/repairs.ts";
import type { AuditEvent } from "./audit.ts";
import { auditIfChanged, auditStatement } from "./audit.ts";
import type { Database } from "./database.ts";
import type { VersionRow } from "./files.ts";
import { isVersion } from "./files.ts";
import { isOfVersion } from "./of-version.ts";
import { files, fileVersions } from "./schema/files.ts";
import { derivatives } from "./schema/processing.ts";

/**
 * Those of some versions that are a tenant's, clean, and not being purged. What copies there are isn't asked: whoever makes
 * the object again compares what it reads.
 */
export async function findRepairable(
  db: Database,
  tenantId: TenantId,
  wanted: readonly { readonly fileId: FileId; readonly version: number }[],
): Promise<readonly VersionRow[]> {
  const named = JSON.stringify(wanted.map(({ fileId, version }) => [fileId, version]));
  const rows = await db
    .select({ version: fileVersions })
    .from(fileVersions)
    .innerJoin(files, and(eq(files.tenantId, fileVersions.tenantId), eq(files.id, fileVersions.fileId)))
    .where(
      and(
        eq(fileVersions.tenantId, tenantId),
        sql`(${fileVersions.fileId}, ${fileVersions.version}) IN
          (SELECT value ->> 0, value ->> 1 FROM json_each(${named}))`,
        eq(fileVersions.state, "clean"),
        isNull(files.purgingAtMs),
      ),
    );
  return rows.map((row) => row.version);
}

/**
 * Keeps the etag of a clean version's object that was made again of a copy, and that this was done. False where no such
 * version has these bytes, or it has this etag already.
 */
export async function recordRepair(db: Database, report: RepairReport, nowMs: number): Promise<boolean> {
  const { tenantId, fileId, version, objectKey, etag, sha256, target, newEtag } = report;
  const actor = { tenantId, id: "processor", kind: "processor", requestId: null } as const;
  const event = { actor, action: "file.repaired", fileId, version, detail: { target }, atMs: nowMs } as const;
  const [changed] = await db.batch([
    db
      .update(fileVersions)
      .set({ etag: newEtag })
      .where(
        and(
          eq(fileVersions.tenantId, tenantId),
          eq(fileVersions.fileId, fileId),
          eq(fileVersions.version, version),
          eq(fileVersions.state, "clean"),
          eq(fileVersions.objectKey, objectKey),
          eq(fileVersions.etag, etag),
          eq(fileVersions.sha256, sha256),
        ),
      )
      .returning({ etag: fileVersions.etag }),
    auditIfChanged(db, event),
  ]);
  return changed.length > 0;
}

/** Records that an admin wants objects made again; that they were, each repair's report records. */
export async function recordRepairWish(db: Database, event: AuditEvent): Promise<void> {
  await auditStatement(db, event);
}

/**
 * Forgets what was made of a version whose objects have gone, and that anybody was told to make it.
 * @param keys of all objects of the version's that there are
 */
export async function forgetLostDerivatives(
  db: Database,
  ref: FileVersionRef,
  keys: readonly string[],
): Promise<void> {
  // A page's image without bytes is on its way.
  const isLost = sql`${derivatives.sizeBytes} > 0
    AND ${derivatives.objectKey} NOT IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`;
  await db.batch([
    db.delete(derivatives).where(and(isOfVersion(derivatives, ref), isLost)),
    db
      .update(fileVersions)
      .set({ announcedAtMs: 0 })
      .where(and(isVersion(ref), sql`changes() > 0`)),
  ]);
}
