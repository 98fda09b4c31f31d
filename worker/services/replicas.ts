import { AppError } from "#contract/errors.ts";
import type { Identity, TenantId } from "#contract/ids.ts";
import { FileId } from "#contract/ids.ts";
import type { CopyRetryRequest, RetriedCopies } from "#contract/replica-retries.ts";
import type {
  BackfillRequest,
  BackfillStep,
  OwedRemovalPage,
  ReplicaListQuery,
  ReplicaTargetList,
  ReplicatedVersionPage,
} from "#contract/replicas.ts";
import { formatTime, formatTimeOrNull } from "#contract/times.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { PlaceOfVersion, TargetCounts } from "../db/replica-lists.ts";
import {
  backfillCopies,
  findCleanVersions,
  findCopiesOf,
  hastenCopies,
  surveyCopies,
  wantCopiesAgain,
} from "../db/replica-lists.ts";
import type { RemovalPlace, RemovalRow } from "../db/replica-removals.ts";
import { findRemovals, hasAnythingAt, hastenRemovals } from "../db/replica-removals.ts";
import type { Caller } from "./file-actions.ts";
import { mimeTypeOf } from "./files.ts";
import { requireRole } from "./permissions.ts";
import { formatReplica } from "./replica-records.ts";
import { chooseTargets, findTargetsFor } from "./replica-targets.ts";
import { settingsOf } from "./tenants.ts";

/**
 * A tenant's copies, as its admins see them and have them made. Whoever isn't one is answered `ROLE_REQUIRED` by all of
 * this. Cursors are what a page ended with: `<file>.<version>`, and in the list of removals the target.
 */
const CURSOR = /^([0-9a-z]{26})\.([1-9]\d{0,8})(?:\.([a-z0-9-]{1,40}))?$/;

function parseCursor(cursor: string | undefined): RemovalPlace | undefined {
  if (cursor === undefined) return undefined;
  const [, fileId, version, target = ""] = CURSOR.exec(cursor) ?? [];
  const id = FileId.safeParse(fileId);
  if (id.success) return { fileId: id.data, version: Number(version), target };
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this list" }],
  });
}

function formatCursor({ fileId, version }: PlaceOfVersion): string {
  return `${fileId}.${version}`;
}

/** A page of clean versions with their copies. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getReplicas(
  env: DatabaseBindings,
  identity: Identity,
  { cursor, limit }: ReplicaListQuery,
): Promise<ReplicatedVersionPage> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const db = databaseFor(env, tenantId);
  const found = await findCleanVersions(db, tenantId, parseCursor(cursor), limit + 1);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  const copies = await findCopiesOf(
    db,
    tenantId,
    page.map(({ fileId }) => fileId),
  );
  const items = page.map((row) => ({
    ...{ fileId: row.fileId, version: row.version, mimeType: mimeTypeOf(row) },
    ...{ objectKey: row.objectKey ?? "", etag: row.etag ?? "", sha256: row.sha256 ?? "" },
    sizeBytes: row.sizeBytes ?? 0,
    copies: copies
      .filter((copy) => copy.fileId === row.fileId && copy.version === row.version)
      .map(formatReplica),
  }));
  return { items, nextCursor: last === undefined ? null : formatCursor(last) };
}

/** Copies of what is gone that are still to be removed. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function getRemovals(
  env: DatabaseBindings,
  identity: Identity,
  { cursor, limit }: ReplicaListQuery,
): Promise<OwedRemovalPage> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const found = await findRemovals(databaseFor(env, tenantId), tenantId, parseCursor(cursor), limit + 1);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    items: page.map(formatRemoval),
    nextCursor: last === undefined ? null : `${formatCursor(last)}.${last.target}`,
  };
}

function formatRemoval({ fileId, version, target, tries, detail, sinceMs, nextAtMs }: RemovalRow) {
  const since = formatTime(sinceMs);
  // 0 of what is due since the moment that it is owed.
  const nextTryAt = formatTime(Math.max(nextAtMs, sinceMs));
  return { fileId, version, target, since, tries, error: detail, nextTryAt };
}

/** How far the tenant's targets are. @param lagAlertMs from which age of the oldest on a target is lagging */
export async function getTargets(
  env: DatabaseBindings,
  identity: Identity,
  lagAlertMs: number,
  nowMs: number,
): Promise<ReplicaTargetList> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const [configured, settings, { counts, removals, lags }] = await Promise.all([
    findTargetsFor(env, tenantId, nowMs),
    settingsOf(env, tenantId),
    surveyCopies(databaseFor(env, tenantId), tenantId),
  ]);
  const chosen = chooseTargets(settings, configured);
  const names = new Set([
    ...chosen,
    ...counts.map((row) => row.target),
    ...removals.map((row) => row.target),
  ]);
  const items = [...names].toSorted().map((target) => {
    const kind = configured.find(({ name }) => name === target)?.kind ?? null;
    const own = lags.filter((lag) => lag.target === target).map(({ ms }) => ms / 1000);
    const stands = {
      ...{ ...NO_COPIES, ...counts.find((row) => row.target === target) },
      ...{ ...NO_REMOVALS, ...removals.find((row) => row.target === target) },
    };
    return { target, kind, ...formatStanding(stands, lagAlertMs, nowMs), lagSeconds: quantilesOf(own) };
  });
  return { items };
}

const NO_COPIES = { stored: 0, pending: 0, pendingBytes: 0, failed: 0, oldestPendingAtMs: null };
const NO_REMOVALS = { removals: 0, oldestRemovalAtMs: null };

type Standing = Omit<TargetCounts, "target"> & {
  readonly removals: number;
  readonly oldestRemovalAtMs: number | null;
};

function formatStanding(stands: Standing, lagAlertMs: number, nowMs: number) {
  const { stored, pending, pendingBytes, failed, removals, oldestPendingAtMs, oldestRemovalAtMs } = stands;
  const oldestMs = Math.min(oldestPendingAtMs ?? nowMs, oldestRemovalAtMs ?? nowMs);
  return {
    ...{ stored, pending, pendingBytes, failed, removals },
    oldestPendingAt: formatTimeOrNull(oldestPendingAtMs),
    oldestRemovalAt: formatTimeOrNull(oldestRemovalAtMs),
    isLagging: nowMs - oldestMs > lagAlertMs,
  };
}

/** By the nearest rank. */
function quantilesOf(seconds: readonly number[]): { p50: number; p95: number } | null {
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95) };
}

/** One step of a backfill: what it wants, cron has copied. Throws `REQUEST_INVALID` for a cursor that isn't ours. */
export async function backfill(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  { cursor, limit }: BackfillRequest,
  nowMs: number,
): Promise<BackfillStep> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const db = databaseFor(env, tenantId);
  const [configured, settings, found] = await Promise.all([
    findTargetsFor(env, tenantId, nowMs),
    settingsOf(env, tenantId),
    findCleanVersions(db, tenantId, parseCursor(cursor), limit + 1),
  ]);
  const step = found.slice(0, limit);
  const last = found.length > limit ? step.at(-1) : undefined;
  const targets = chooseTargets(settings, configured);
  const detail = { versions: step.length, targets: targets.join(" ") };
  const event = { actor, action: "replica.backfilled", detail, atMs: nowMs } as const;
  const wished = settings.replicaDerivatives === true;
  const queued = step.length === 0 ? 0 : await backfillCopies(db, tenantId, step, targets, wished, event);
  return { seen: step.length, queued, nextCursor: last === undefined ? null : formatCursor(last) };
}

/**
 * Has what came to nothing tried again within a minute, whatever it waits for; or copies of `versions` made again. Throws
 * `REQUEST_INVALID` where there is no such target, and the tenant has nothing there.
 */
export async function retryCopies(
  env: DatabaseBindings,
  { identity, actor }: Caller,
  { target, versions }: CopyRetryRequest,
  nowMs: number,
): Promise<RetriedCopies> {
  requireRole(identity, "admin");
  const { tenantId } = identity;
  const db = databaseFor(env, tenantId);
  if (target !== undefined) await requireTarget(env, tenantId, target, nowMs);
  const named = versions?.map(({ fileId, version }) => `${fileId}/${version}`).join(",");
  const detail = { target: target ?? null, ...(named === undefined ? {} : { versions: named }) };
  const event = { actor, action: "replica.retried", detail, atMs: nowMs } as const;
  if (versions !== undefined && target !== undefined) {
    return { copies: await wantCopiesAgain(db, tenantId, target, versions, event), removals: 0 };
  }
  const copies = await hastenCopies(db, tenantId, target, event);
  return { copies, removals: await hastenRemovals(db, tenantId, target, event) };
}

async function requireTarget(
  env: DatabaseBindings,
  tenantId: TenantId,
  target: string,
  nowMs: number,
): Promise<void> {
  const configured = await findTargetsFor(env, tenantId, nowMs);
  if (configured.some(({ name }) => name === target)) return;
  if (await hasAnythingAt(databaseFor(env, tenantId), tenantId, target)) return;
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "target", message: "is no target that there is, and nothing is there" }],
  });
}
