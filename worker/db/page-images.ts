import { and, eq, sql } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { PageImageName } from "#contract/page-images.ts";
import { PAGE_IMAGE_FORM } from "#contract/page-images.ts";
import type { Database } from "./database.ts";
import { isVersion } from "./files.ts";
import { isOfVersion } from "./of-version.ts";
import { fileVersions } from "./schema/files.ts";
import { derivatives, missingDerivatives } from "./schema/processing.ts";
import { selectRow } from "./select-row.ts";

/** Without bytes while it is on its way. */
export type PageImageRow = typeof derivatives.$inferSelect;

export interface PageImageRows {
  readonly image: PageImageRow | undefined;
  /** Why it could not be made, the last time. */
  readonly missing: typeof missingDerivatives.$inferSelect | undefined;
}

function isNamedOf(
  table: typeof derivatives | typeof missingDerivatives,
  { tenantId, fileId, version }: FileVersionRef,
  name: PageImageName,
) {
  return and(
    eq(table.tenantId, tenantId),
    eq(table.fileId, fileId),
    eq(table.version, version),
    eq(table.name, name),
  );
}

/** How it stands with one page's image. */
export async function findPageImage(
  db: Database,
  ref: FileVersionRef,
  name: PageImageName,
): Promise<PageImageRows> {
  const [[image], [missing]] = await db.batch([
    db
      .select()
      .from(derivatives)
      .where(isNamedOf(derivatives, ref, name)),
    db
      .select()
      .from(missingDerivatives)
      .where(isNamedOf(missingDerivatives, ref, name)),
  ]);
  return { image, missing };
}

/**
 * Writes down that a page's image is on its way, where it is not since `againBeforeMs`: true for the one of any number of
 * callers who is to have it made, unless `max` of the version are. The row holds the image's key from now on, so that whatever removes a version's
 * derivatives removes this one too, whenever it comes.
 */
export async function claimPageImage(
  db: Database,
  ref: FileVersionRef,
  name: PageImageName,
  claim: { readonly nowMs: number; readonly againBeforeMs: number; readonly max: number },
): Promise<boolean> {
  const { mimeType, extension } = PAGE_IMAGE_FORM;
  const { tenantId, fileId, version } = ref;
  const row = {
    ...{ tenantId, fileId, version, name, mimeType, sizeBytes: 0, width: null, height: null },
    ...{ objectKey: derivativeKey(ref, name, extension), createdAtMs: claim.nowMs },
  };
  const isClean = and(isVersion(ref), eq(fileVersions.state, "clean"));
  const others = sql`SELECT count(*) FROM ${derivatives} WHERE ${isOfVersion(derivatives, ref)}
    AND ${derivatives.name} <> ${name} AND ${derivatives.sizeBytes} = 0 AND ${derivatives.createdAtMs} >= ${claim.againBeforeMs}`;
  const claimed = await db
    .insert(derivatives)
    .select(
      sql`${selectRow(derivatives, row)} FROM ${fileVersions} WHERE ${isClean} AND (${others}) < ${claim.max}`,
    )
    .onConflictDoUpdate({
      target: [derivatives.tenantId, derivatives.fileId, derivatives.version, derivatives.name],
      set: { createdAtMs: claim.nowMs },
      setWhere: sql`${derivatives.sizeBytes} = 0 AND ${derivatives.createdAtMs} < ${claim.againBeforeMs}`,
    })
    .returning({ name: derivatives.name });
  return claimed.length > 0;
}

/** Lets go of a claim: nobody was told to make the image. */
export async function releasePageImage(
  db: Database,
  ref: FileVersionRef,
  name: PageImageName,
): Promise<void> {
  await db.delete(derivatives).where(and(isNamedOf(derivatives, ref, name), eq(derivatives.sizeBytes, 0)));
}
