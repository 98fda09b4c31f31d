import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import { newRescanId, RescanId } from "#contract/ids.ts";
import type { Rescan, RescanList, RescanRequest } from "#contract/rescans.ts";
import { MAX_LISTED_RESCANS } from "#contract/rescans.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findFileById } from "../db/files.ts";
import type { RescanRow } from "../db/rescans.ts";
import { changeRescan, findRescan, findRescans, insertRescan } from "../db/rescans.ts";
import type { Caller } from "./file-actions.ts";
import { requireRole } from "./permissions.ts";

/**
 * Scanning again what is clean, as admins ask for it; cron does it (rescan-feed.ts). Whoever isn't an admin is answered
 * `ROLE_REQUIRED` by all of this.
 */

/** Begins a rescan. Throws `FILE_NOT_FOUND`, and `RESCAN_LIMIT_REACHED`. */
export async function requestRescan(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  { fileId, olderThanSignatureVersion }: RescanRequest,
  nowMs: number,
): Promise<Rescan> {
  requireRole(identity, "admin");
  const { tenantId, userId } = identity;
  const db = databaseFor(env, tenantId);
  if (fileId !== undefined && (await findFileById(db, tenantId, fileId)) === undefined) {
    throw new AppError("FILE_NOT_FOUND");
  }
  const olderThan = olderThanSignatureVersion === undefined ? undefined : Number(olderThanSignatureVersion);
  const rescan = { tenantId, id: newRescanId(), fileId, olderThan, requestedBy: userId };
  const detail = { rescanId: rescan.id, olderThan: olderThan ?? null };
  const event = { actor, action: "rescan.created", fileId, detail, atMs: nowMs } as const;
  const begun = await insertRescan(db, rescan, event);
  if (begun === undefined) throw new AppError("RESCAN_LIMIT_REACHED");
  return formatRescan(begun);
}

/** The tenant's rescans, the newest first: `MAX_LISTED_RESCANS` of them. */
export async function getRescans(env: DatabaseBindings, identity: Identity): Promise<RescanList> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const found = await findRescans(databaseFor(env, tenantId), tenantId, MAX_LISTED_RESCANS);
  return { items: found.map(formatRescan) };
}

async function requireRescan(env: DatabaseBindings, identity: Identity, id: string): Promise<RescanRow> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const parsed = RescanId.safeParse(id);
  const found = parsed.success
    ? await findRescan(databaseFor(env, tenantId), tenantId, parsed.data)
    : undefined;
  if (found === undefined) throw new AppError("RESCAN_NOT_FOUND");
  return found;
}

/** One rescan of the tenant's. Throws `RESCAN_NOT_FOUND`. */
export async function getRescan(env: DatabaseBindings, identity: Identity, id: string): Promise<Rescan> {
  return formatRescan(await requireRescan(env, identity, id));
}

const CHANGES = {
  pause: { from: ["running"], to: "paused", action: "rescan.paused" },
  resume: { from: ["paused"], to: "running", action: "rescan.resumed" },
  cancel: { from: ["running", "paused"], to: "cancelled", action: "rescan.cancelled" },
} as const;
export type RescanChange = keyof typeof CHANGES;

/** Pauses, resumes or cancels a rescan; what it is already isn't changed. Throws `RESCAN_NOT_FOUND` and `RESCAN_ENDED`. */
export async function changeRescanState(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  id: string,
  change: RescanChange,
  nowMs: number,
): Promise<Rescan> {
  const rescan = await requireRescan(env, identity, id);
  const { from, to, action } = CHANGES[change];
  const event = { actor, action, detail: { rescanId: rescan.id }, atMs: nowMs };
  await changeRescan(databaseFor(env, rescan.tenantId), rescan, from, to, event);
  const changed = await requireRescan(env, identity, id);
  if (changed.state !== to) throw new AppError("RESCAN_ENDED");
  return formatRescan(changed);
}

function formatRescan(row: RescanRow): Rescan {
  const { id, state, fileId, olderThan, requestedBy, createdAtMs, finishedAtMs } = row;
  const { filesTotal, filesSeen, sent, scanned, found, failed } = row;
  return {
    ...{ id, state, fileId, requestedBy },
    olderThanSignatureVersion: olderThan === null ? null : String(olderThan),
    createdAt: formatTime(createdAtMs),
    finishedAt: formatTimeOrNull(finishedAtMs),
    files: { total: filesTotal, seen: filesSeen },
    versions: { sent, scanned, found, failed },
  };
}
