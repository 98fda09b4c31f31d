import type { ErrorCode } from "#contract/errors.ts";
import { AppError, formatProblem } from "#contract/errors.ts";
import type { BulkItem, BulkRequest } from "#contract/file-changes.ts";
import type { FileId } from "#contract/ids.ts";
import { MAX_TAGS } from "#contract/tags.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileChange } from "../db/file-changes.ts";
import { changeFiles } from "../db/file-changes.ts";
import type { FileWithDetails } from "../db/files.ts";
import { findFilesByIds } from "../db/files.ts";
import { restoreFiles } from "../db/trash.ts";
import type { Caller } from "./file-actions.ts";
import { requireActionable } from "./file-actions.ts";
import { entityOf } from "./file-edits.ts";
import type { Action } from "./permissions.ts";
import type { Removal } from "./purge.ts";
import { markForPurge, purgeMarked } from "./purge.ts";
import { putIntoTrash } from "./trash.ts";

const ACTION_OF: Readonly<Record<BulkRequest["action"], Action>> = {
  delete: "delete",
  restore: "restore",
  purge: "purge",
  tag: "edit",
  untag: "edit",
  attach: "edit",
};

/** What a file that was as it had to be a moment ago has become. */
const OVERTAKEN: Readonly<Record<BulkRequest["action"], ErrorCode>> = {
  delete: "FILE_NOT_FOUND",
  restore: "FILE_NOT_IN_TRASH",
  purge: "FILE_NOT_FOUND",
  tag: "FILE_IN_TRASH",
  untag: "FILE_IN_TRASH",
  attach: "FILE_IN_TRASH",
};

export interface BulkTools {
  readonly removal: Removal;
  /** Goes on with work when the answer is under way. */
  readonly later: (work: Promise<void>) => void;
}

/** Does one thing with many files, each by itself: those that it can't be done with are told why, in their place. */
export async function changeInBulk(
  env: DatabaseBindings,
  tools: BulkTools,
  caller: Caller,
  request: BulkRequest,
  nowMs: number,
): Promise<readonly BulkItem[]> {
  const { tenantId, userId } = caller.identity;
  const fileIds = [...new Set(request.fileIds)];
  const found = await findFilesByIds(databaseFor(env, tenantId), tenantId, fileIds, { userId, nowMs });
  const byId = new Map(found.map((details) => [details.file.id, details]));
  const refusals = new Map(fileIds.map((id) => [id, refusalOf(caller, request, byId.get(id))]));
  const allowed = fileIds.filter((id) => refusals.get(id) === undefined);
  const done = new Set(
    allowed.length === 0 ? [] : await carryOut(env, tools, caller, request, allowed, nowMs),
  );
  return request.fileIds.map((fileId) => {
    if (done.has(fileId)) return { fileId, ok: true };
    const error =
      refusals.get(fileId) ??
      new AppError(isOfTrash(request) ? "FILE_NOT_IN_TRASH" : OVERTAKEN[request.action]);
    return { fileId, ok: false, error: formatProblem(error) };
  });
}

function refusalOf(
  { identity }: Caller,
  request: BulkRequest,
  found: FileWithDetails | undefined,
): AppError | undefined {
  try {
    if (found === undefined) throw new AppError("FILE_NOT_FOUND");
    requireActionable(identity, found, ACTION_OF[request.action]);
    if (isOfTrash(request) && found.file.deletedAtMs === null) throw new AppError("FILE_NOT_IN_TRASH");
    if (request.action === "tag") requireRoom(found.tags, request.tags);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Whether it is done only with what is in the trash, though it could be done with others. */
function isOfTrash(request: BulkRequest): boolean {
  return request.action === "purge" && request.onlyTrash === true;
}

function requireRoom(tags: readonly string[], more: readonly string[]): void {
  if (new Set([...tags, ...more]).size <= MAX_TAGS) return;
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "tags", message: `would be more than ${MAX_TAGS}` }],
  });
}

/** The ids of the files that it was done with. */
async function carryOut(
  env: DatabaseBindings,
  { removal, later }: BulkTools,
  caller: Caller,
  request: BulkRequest,
  fileIds: readonly FileId[],
  nowMs: number,
): Promise<readonly FileId[]> {
  const { tenantId } = caller.identity;
  const db = databaseFor(env, tenantId);
  const event = { actor: caller.actor, atMs: nowMs };
  switch (request.action) {
    case "delete":
      return putIntoTrash(env, removal, caller, fileIds, nowMs);
    case "restore":
      return restoreFiles(db, { tenantId, fileIds }, event);
    case "purge": {
      const marked = await markForPurge(env, caller, fileIds, nowMs, isOfTrash(request));
      later(purgeMarked(env, removal, caller, marked, nowMs));
      return marked;
    }
    case "tag":
    case "untag":
    case "attach":
      return changeFiles(db, { tenantId, fileIds }, changeOf(request), event);
  }
}

function changeOf(request: Extract<BulkRequest, { action: "tag" | "untag" | "attach" }>): FileChange {
  if (request.action === "attach") return { entity: entityOf(request) };
  const kind = request.action === "tag" ? "add" : "remove";
  return { tags: { kind, tags: [...new Set(request.tags)], maxTags: MAX_TAGS } };
}
