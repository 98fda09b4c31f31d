import { and, eq } from "drizzle-orm";
import type { RepairReport } from "#contract/repairs.ts";
import { auditIfChanged } from "./audit.ts";
import type { Database } from "./database.ts";
import { fileVersions } from "./schema/files.ts";

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
