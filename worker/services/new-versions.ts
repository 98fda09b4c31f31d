import { AppError } from "#contract/errors.ts";
import type { FileVersionRef, Identity } from "#contract/ids.ts";
import { FileId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { MAX_VERSIONS } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import { findFileById } from "../db/files.ts";
import { countOtherVersions, takeNextVersion } from "../db/versions.ts";
import { requireFile } from "./files.ts";

/** Throws `FILE_IN_TRASH`, and `FILE_NOT_READY` while a file's first version isn't there. */
function requireReplaceable({ file, version }: FileWithDetails): void {
  if (file.deletedAtMs !== null) throw new AppError("FILE_IN_TRASH");
  if (version.state === "uploading") throw new AppError("FILE_NOT_READY");
}

/**
 * The next version of a file that the caller may replace. What else was declared of a file (tags, entity) stays as the
 * file has it. Throws as `requireFile`, `requireReplaceable` and `VERSION_LIMIT_REACHED`.
 */
export async function takeVersionOf(
  env: DatabaseBindings,
  identity: Identity,
  replaced: string,
  { settings, nowMs }: { readonly settings: TenantSettings; readonly nowMs: number },
): Promise<FileVersionRef> {
  const fileId = FileId.safeParse(replaced);
  if (!fileId.success) throw new AppError("FILE_NOT_FOUND");
  requireReplaceable(await requireFile(env, identity, fileId.data, "replace"));
  const ref = { tenantId: identity.tenantId, fileId: fileId.data };
  const { maxVersions = MAX_VERSIONS } = settings;
  const version = await takeNextVersion(databaseFor(env, ref.tenantId), ref, maxVersions, nowMs);
  // It was there a moment ago.
  if (version === undefined) throw new AppError("FILE_IN_TRASH");
  if (version === "full") throw limitError(maxVersions);
  return { ...ref, version };
}

function limitError(maxVersions: number): AppError {
  return new AppError("VERSION_LIMIT_REACHED", {
    detail: `A file may have ${maxVersions} versions. Others can be removed.`,
    members: { maxVersions },
  });
}

/**
 * That the file is still there to which a grant's version was given: who minted the grant might replace it then, and a
 * grant stands for itself. Others may have made versions since: it has room for this one still. Throws `FILE_NOT_FOUND`,
 * `VERSION_LIMIT_REACHED` and as `requireReplaceable`.
 */
export async function requireGrantedVersion(
  env: DatabaseBindings,
  ref: FileVersionRef,
  { maxVersions = MAX_VERSIONS }: TenantSettings,
): Promise<void> {
  const db = databaseFor(env, ref.tenantId);
  const [found, others] = await Promise.all([
    findFileById(db, ref.tenantId, ref.fileId),
    countOtherVersions(db, ref),
  ]);
  if (found === undefined) throw new AppError("FILE_NOT_FOUND");
  requireReplaceable(found);
  if (others >= maxVersions) throw limitError(maxVersions);
}
