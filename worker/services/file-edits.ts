import { AppError } from "#contract/errors.ts";
import type { FileEdit } from "#contract/file-changes.ts";
import type { FileId } from "#contract/ids.ts";
import { MAX_TAGS } from "#contract/tags.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileChange } from "../db/file-changes.ts";
import { changeFiles } from "../db/file-changes.ts";
import type { Caller } from "./file-actions.ts";
import { requireActionable } from "./file-actions.ts";
import { requireFilenameOf } from "./file-names.ts";
import { requireFile } from "./files.ts";
import { settingsOf } from "./tenants.ts";

/**
 * Renames, tags, attaches and publishes a file, all that is asked or nothing. Throws as `requireActionable`,
 * `FILE_NAME_INVALID`, `FILE_TYPE_REFUSED` and `PUBLIC_FILES_OFF`.
 */
export async function editFile(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  fileId: FileId,
  edit: FileEdit,
  nowMs: number,
): Promise<void> {
  const { tenantId } = identity;
  const found = await requireFile(env, identity, fileId, "view");
  const { isPublic, ...others } = edit;
  if (Object.keys(others).length > 0) requireActionable(identity, found, "edit");
  if (isPublic !== undefined) requireActionable(identity, found, "publish");
  const change = changeOf(edit, found.version.declaredType, await settingsOf(env, tenantId));
  const set = { tenantId, fileIds: [fileId] };
  const changed = await changeFiles(databaseFor(env, tenantId), set, change, { actor, atMs: nowMs });
  // It was there a moment ago.
  if (changed.length === 0) throw new AppError("FILE_IN_TRASH");
}

function changeOf(
  { filename, tags, isPublic, ...edit }: FileEdit,
  mimeType: string,
  settings: TenantSettings,
): FileChange {
  if (isPublic === true && settings.publicFiles === false) throw new AppError("PUBLIC_FILES_OFF");
  return {
    filename: filename === undefined ? undefined : requireFilenameOf(mimeType, filename, settings),
    entity: entityOf(edit),
    tags: tags && { kind: "set", tags: [...new Set(tags)], maxTags: MAX_TAGS },
    isPublic,
  };
}

/** Undefined where nothing is said of it, null for none. */
export function entityOf({
  entityType,
  entityId,
}: Pick<FileEdit, "entityType" | "entityId">): FileChange["entity"] {
  if (entityType === undefined || entityId === undefined) return undefined;
  return entityType === null || entityId === null ? null : { type: entityType, id: entityId };
}
