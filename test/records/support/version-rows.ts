import { sql } from "drizzle-orm";
import { chargeOf } from "#contract/charges.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import type { Database } from "../../../worker/db/database.ts";
import { isReserved, reserve } from "../../../worker/db/quota.ts";
import { files, fileVersions } from "../../../worker/db/schema/files.ts";
import { selectRow } from "../../../worker/db/select-row.ts";

/** Inserts the rows of a new version of a file, as its creation does. Throws where there is no room. */
export async function insertNewVersion(
  db: Database,
  ref: FileVersionRef,
  bytes: number,
  defaultQuotaBytes: number,
  nowMs: number,
): Promise<void> {
  const row = selectRow(fileVersions, {
    ...{
      ...ref,
      state: "uploading" as const,
      declaredType: "text/plain",
      sizeBytes: bytes,
      createdAtMs: nowMs,
    },
  });
  const charge = chargeOf(bytes);
  const isFile = sql`${files.tenantId} = ${ref.tenantId} AND ${files.id} = ${ref.fileId}`;
  const [[reserved]] = await db.batch([
    reserve(
      db,
      {
        ref,
        wanted: { atLeastBytes: charge, atMostBytes: charge, defaultQuotaBytes },
        creationKey: null,
        ownerId: UserId.parse("ann"),
        limits: { ofTenant: 10_000, ofUser: null },
        nowMs,
      },
      "version",
    ),
    db.insert(fileVersions).select(sql`${row} WHERE ${isReserved(ref)}`),
    db
      .update(files)
      .set({ lastVersion: ref.version })
      .where(sql`${isFile} AND ${isReserved(ref)}`),
  ]);
  if (reserved === undefined) throw new Error("There is no room.");
}
