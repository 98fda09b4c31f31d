import { and } from "drizzle-orm";
import type { FileVersionRef } from "#contract/ids.ts";
import type { ObjectToCopy } from "#contract/replicas.ts";
import type { Database } from "./database.ts";
import { isNamed } from "./named-derivatives.ts";
import { isOfVersion } from "./of-version.ts";
import { derivatives } from "./schema/processing.ts";

/** What was made of a version and is copied with it: images of single pages are drawn again when they are asked for. */
export async function findCopiedDerivatives(
  db: Database,
  ref: FileVersionRef,
): Promise<readonly ObjectToCopy[]> {
  const rows = await db
    .select({ objectKey: derivatives.objectKey, contentType: derivatives.mimeType })
    .from(derivatives)
    .where(and(isOfVersion(derivatives, ref), isNamed(derivatives)));
  return rows.map((row) => ({ ...row, etag: null, sha256: null, disposition: "attachment" }));
}
