import { AppError } from "#contract/errors.ts";
import type {
  CopiesStartReport,
  CopyFault,
  CopyMismatchReport,
  CopyRef,
  CopyReport,
  CopyTask,
  ObjectToCopy,
  RemovalsReport,
  RemovalsStartReport,
  RemovalTask,
} from "#contract/replicas.ts";
import { MAX_REMOVALS } from "#contract/replicas.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import { findFileById, findVersion } from "../db/files.ts";
import { findCopiedDerivatives } from "../db/replica-derivatives.ts";
import { endRemoval, failRemoval, insertRemoval, leaseRemovals } from "../db/replica-removals.ts";
import type { CopyEnd, DueCopy, ReplicaRow } from "../db/replicas.ts";
import { endCopy, findCopy, findDueCopies, leaseCopies, unstoreCopy } from "../db/replicas.ts";
import { mimeTypeOf } from "./files.ts";
import { findConfiguredTargets, placesOf } from "./replica-targets.ts";
import { settingsOf } from "./tenants.ts";

/**
 * Copies and removals at targets, as the processor that does them asks and tells (docs/decisions/0025-replica-records.md):
 *
 *   start → what is to be done, leased to whoever asked → outcome, by whose lease it is → the record
 *
 * Two processors are never at the same copy at a time, nor is one at work when a lease has ended: its own deadline is
 * shorter. What lands all the same where nobody wants it any more is written down to be removed.
 */

/** Longer than the processor is at a task (processor/replicate/copy-jobs.ts). */
export const LEASE_MS = 15 * 60_000;
/** After a try that came to nothing: doubled by each. Nothing is ever given up. */
export const BACKOFF = { firstMs: 30_000, maxMs: 6 * 3_600_000 } as const;
/** After so many tries, which take an hour, a copy counts as failed though its target may come back by itself. */
const FAILED_AFTER = 7;
/** What fell behind others is done alone, at once. */
const BEHIND = "behind";
const NOTHING_TO_DO: CopyTask = { targets: [], part: "original", objects: [], asOfMs: 0 };

function backoffMs(tries: number): number {
  return Math.min(BACKOFF.firstMs * 2 ** Math.min(tries - 1, 20), BACKOFF.maxMs);
}

/**
 * What a processor is to copy of a version now. Throws `REPORT_REFUSED` where no clean version has these bytes: it has no
 * copies.
 */
export async function startCopies(
  env: DatabaseBindings,
  report: CopiesStartReport,
  nowMs: number,
): Promise<CopyTask> {
  const { targets, leaseId } = report;
  const db = databaseFor(env, report.tenantId);
  const [version, due, file] = await Promise.all([
    findVersion(db, report),
    findDueCopies(db, report, targets, nowMs),
    findFileById(db, report.tenantId, report.fileId),
  ]);
  if (version?.etag !== report.etag || version.state !== "clean" || version.sha256 === null) {
    throw new AppError("REPORT_REFUSED", { detail: "No clean version has these bytes." });
  }
  if (file?.isTenantErasing !== false) return NOTHING_TO_DO;
  const turn = chooseTurn(due);
  const lease = { id: leaseId, untilMs: nowMs + LEASE_MS, nowMs };
  const leased = turn.targets.length === 0 ? [] : await leaseCopies(db, report, turn.targets, lease);
  if (leased.length === 0) return NOTHING_TO_DO;
  const objects = turn.part === "original" ? [originalOf(version)] : await findCopiedDerivatives(db, report);
  return { targets: [...leased], part: turn.part, objects: [...objects], asOfMs: nowMs };
}

/** A version's own bytes go first, to all targets at once but those that can't keep up with others. */
function chooseTurn(due: readonly DueCopy[]): Pick<CopyTask, "targets" | "part"> {
  const originals = due.filter(({ state }) => state !== "stored");
  const part = originals.length > 0 ? "original" : "derivatives";
  const ofPart = part === "original" ? originals : due;
  const together = ofPart.filter(({ code }) => code !== BEHIND);
  const chosen = together.length > 0 ? together : ofPart.slice(0, 1);
  return { part, targets: chosen.map(({ target }) => target) };
}

/** Nothing of it is a user's words. */
function originalOf(version: VersionRow): ObjectToCopy {
  const { objectKey, etag, sha256 } = version;
  const contentType = mimeTypeOf(version);
  return { objectKey: objectKey ?? "", etag, sha256, contentType, disposition: "attachment" };
}

/**
 * Keeps how a copy ended. Throws `REPORT_REFUSED` where the lease isn't the processor's any more; what it has stored is
 * written down to be removed where no copy is wanted by then.
 */
export async function applyCopy(env: DatabaseBindings, report: CopyReport, nowMs: number): Promise<void> {
  const db = databaseFor(env, report.tenantId);
  const before = await findCopy(db, report);
  if (before !== undefined) {
    const derivativesFromMs = await derivativesWantedFrom(env, report);
    const end = endOf(report, before, nowMs);
    if (await endCopy(db, report, report.leaseId, end, nowMs, derivativesFromMs)) return;
  }
  const after = await findCopy(db, report);
  // Told twice.
  if (after?.state === "stored" && report.outcome.state === "stored") return;
  if (after === undefined) await insertRemoval(db, report, report.objectKey, nowMs);
  throw new AppError("REPORT_REFUSED", { detail: "The copy isn't this lease's." });
}

/**
 * Derivatives that were made since then are still to be copied: all of them behind the original, or those that came while
 * others were on their way. Null where none is wanted, or nothing is stored yet.
 */
async function derivativesWantedFrom(env: DatabaseBindings, report: CopyReport): Promise<number | null> {
  const { outcome, part, tenantId } = report;
  if (outcome.state !== "stored") return null;
  const { replicaDerivatives } = await settingsOf(env, tenantId);
  if (replicaDerivatives !== true) return null;
  return part === "original" ? 0 : outcome.asOfMs;
}

function endOf({ outcome, part }: CopyReport, before: ReplicaRow, nowMs: number): CopyEnd {
  switch (outcome.state) {
    case "stored": {
      const nothing = { tries: 0, code: null, detail: null, announceAtMs: null } as const;
      const done = { ...nothing, state: "stored", retryAtMs: nowMs } as const;
      return part === "original"
        ? { ...done, changedAtMs: nowMs }
        : { ...done, derivativesAtMs: outcome.asOfMs };
    }
    case "released": {
      const { state, tries, code, detail } = before;
      return { state, tries, code, detail, retryAtMs: nowMs, announceAtMs: nowMs + BACKOFF.firstMs };
    }
    case "failed": {
      const { code, detail, isPermanent } = outcome;
      const tries = before.tries + 1;
      const retryAtMs = code === BEHIND ? nowMs : nowMs + backoffMs(tries);
      const isFailed = isPermanent || tries >= FAILED_AFTER;
      const state = before.state === "stored" ? "stored" : isFailed ? "failed" : "pending";
      const changed = state === before.state ? {} : { changedAtMs: nowMs };
      return { state, tries, code, detail, retryAtMs, announceAtMs: retryAtMs, ...changed };
    }
  }
}

const FAULTS: Readonly<Record<CopyFault, string>> = {
  mismatch: "It was read, and has other bytes than those that were checked: it is made again.",
  missing: "It was to be read, and isn't there: it is made again.",
};

/** A copy that was found wanting is stored no more, and its turn is now: whoever copies proves it, or makes it again. */
export async function applyMismatch(
  env: DatabaseBindings,
  report: CopyMismatchReport,
  nowMs: number,
): Promise<void> {
  await unstoreCopy(databaseFor(env, report.tenantId), report, FAULTS[report.fault], nowMs);
}

/** What a processor is to remove at its targets now, of any tenant. */
export async function startRemovals(
  env: DatabaseBindings,
  { targets, leaseId }: RemovalsStartReport,
  nowMs: number,
): Promise<RemovalTask> {
  const lease = { id: leaseId, untilMs: nowMs + LEASE_MS, nowMs };
  const configured = await findConfiguredTargets(env, nowMs);
  const asked = configured.filter(({ name }) => targets.includes(name));
  for (const { db, targets: there } of placesOf(env, asked)) {
    const leased = await leaseRemovals(db, there, lease, MAX_REMOVALS);
    if (leased.length === 0) continue;
    return {
      removals: leased.map(({ tenantId, fileId, version, target, objectKey }) => {
        return { tenantId, fileId, version, target, objectKey };
      }),
    };
  }
  return { removals: [] };
}

/** Keeps what became of removals; of those whose lease has ended nothing. */
export async function applyRemovals(
  env: DatabaseBindings,
  { leaseId, removed, failed }: RemovalsReport,
  nowMs: number,
): Promise<void> {
  const databases = new Set([...removed, ...failed].map(({ tenantId }) => databaseFor(env, tenantId)));
  for (const db of databases) {
    const isHere = ({ tenantId }: CopyRef): boolean => databaseFor(env, tenantId) === db;
    const statements = [
      ...removed.filter(isHere).flatMap((ref) => endRemoval(db, ref, leaseId, LEASE_MS, nowMs)),
      ...failed.filter(isHere).map((ref) => failRemoval(db, ref, leaseId, ref, BACKOFF, nowMs)),
    ];
    const [first, ...rest] = statements;
    if (first !== undefined) await db.batch([first, ...rest]);
  }
}
