import type { ProcessJob } from "#contract/jobs.ts";
import { signatureNumberOf } from "#contract/rescans.ts";
import type { Database, DatabaseBindings } from "../../db/database.ts";
import { allDatabases } from "../../db/database.ts";
import type { VersionRow } from "../../db/files.ts";
import { findHeartbeats } from "../../db/reports.ts";
import type { PlacedFile, Step } from "../../db/rescan-feed.ts";
import { findFilesToRescan, findVersionsToRescan, takeStep } from "../../db/rescan-feed.ts";
import type { Survey, SurveyTerms } from "../../db/rescan-load.ts";
import { surveyRescans, takeLostJobs } from "../../db/rescan-load.ts";
import type { RescanRow } from "../../db/rescans.ts";
import { jobOf } from "../announce.ts";
import type { AnnounceAll } from "../failed-jobs.ts";
import { HEARTBEAT_MAX_AGE_MS } from "../health.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEach, forEachDatabase } from "./each-database.ts";

/**
 * Cron's part of rescans: each minute as many jobs as keep a processor busy and no new upload waiting. A queue is served
 * in its order, so that what is in it already is what a new upload waits for: `MAX_AWAITED` scans and their bytes at most,
 * of all databases, and none at all while uploads wait. A step is written down before its jobs are sent; those that are
 * lost are sent again.
 */

/** Scans of rescans that are under way at once. */
const MAX_AWAITED = 100;
/** Bytes of theirs after which no more is sent: a scanner takes a minute for as much. One file may go beyond. */
const MAX_AWAITED_BYTES = 2 ** 30;
/** What a file counts at least: each has its way there and back, and a few kilobytes may unpack to gigabytes. */
const MIN_BYTES = 10 * 2 ** 20;
/** With so many uploads waiting, rescans wait. */
const MAX_WAITING = 20;
/** Files that one step looks through: of most there may be nothing to scan. */
const FILES_PER_STEP = 500;
/** A job without an answer for so long was lost; a large file under a busy scanner takes minutes. */
const LOST_AFTER_MS = 15 * 60_000;
/** A job that was lost so often, in two hours, is given up. */
const MAX_SENDS = 8;
/** To a database, to survey it. */
const COST: Cost = { calls: 1, queries: 1 };
/** Of a rescan's step, or of sending again what a database's have lost: to the database three, and to the queues. */
const COST_PER_STEP: Cost = { calls: 5, queries: 3 };

type Surveyed = Survey & { readonly db: Database };

/** What may be sent still. */
interface Room {
  versions: number;
  bytes: number;
}

/**
 * Feeds the rescans that run, those first that waited longest, whichever database they are in. Nothing is sent while no
 * processor is heard of.
 */
export async function feedRescans(
  env: DatabaseBindings,
  announce: AnnounceAll,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  const [first] = allDatabases(env);
  budget.spend(COST);
  const alive = first === undefined ? [] : await findHeartbeats(first, nowMs - HEARTBEAT_MAX_AGE_MS);
  const terms: SurveyTerms = {
    ...{
      nowMs,
      lostBeforeMs: nowMs - LOST_AFTER_MS,
      maxSends: MAX_SENDS,
      bound: MAX_WAITING,
      minBytes: MIN_BYTES,
    },
    signatures: Math.max(0, ...alive.map(({ signatureVersion }) => signatureNumberOf(signatureVersion))),
  };
  const surveys = await forEachDatabase(env, budget, "rescan", async (db, part): Promise<Surveyed> => {
    part.spend(COST);
    return { db, ...(await surveyRescans(db, terms)) };
  });
  const room = roomOf(surveys, Math.max(0, ...alive.map((row) => row.backlog ?? 0)));
  if (alive.length === 0 || room === undefined) return;
  const losing = surveys.filter(({ hasLost }) => hasLost).slice(0, budget.itemsOf(COST_PER_STEP));
  await forEach(losing, budget, "lost-rescans", async ({ db }, part) => {
    part.spend(COST_PER_STEP);
    await announce((await takeLostJobs(db, terms, MAX_AWAITED)).flatMap(rescanJobsOf));
  });
  const running = surveys
    .flatMap((survey) => survey.running.map((rescan) => ({ db: survey.db, rescan })))
    .toSorted((a, b) => a.rescan.fedAtMs - b.rescan.fedAtMs);
  await forEach(
    running.slice(0, budget.itemsOf(COST_PER_STEP)),
    budget,
    "rescan",
    async ({ db, rescan }, part) => {
      if (!hasRoom(room)) return;
      part.spend(COST_PER_STEP);
      await feed(db, announce, rescan, room, nowMs);
    },
  );
}

/**
 * By one measure of the queue, which all databases share. Undefined while uploads wait.
 * @param backlog jobs in the queue, as a processor told
 */
function roomOf(surveys: readonly Survey[], backlog: number): Room | undefined {
  const sum = (what: "waiting" | "awaited" | "awaitedBytes") =>
    surveys.reduce((total, survey) => total + survey[what], 0);
  const awaited = sum("awaited");
  if (Math.max(sum("waiting"), backlog - awaited) >= MAX_WAITING) return undefined;
  return { versions: MAX_AWAITED - awaited, bytes: MAX_AWAITED_BYTES - sum("awaitedBytes") };
}

function hasRoom({ versions, bytes }: Room): boolean {
  return versions > 0 && bytes > 0;
}

function rescanJobsOf(version: VersionRow): readonly ProcessJob[] {
  const job = jobOf(version);
  return job === undefined ? [] : [{ ...job, rescan: true }];
}

/** One step of a rescan, which takes from the room what it sends. */
async function feed(
  db: Database,
  announce: AnnounceAll,
  rescan: RescanRow,
  room: Room,
  nowMs: number,
): Promise<void> {
  const found = await findFilesToRescan(db, rescan, FILES_PER_STEP);
  const versions = found.length === 0 ? [] : await findVersionsToRescan(db, rescan, found);
  const { taken, step } = stepOf(rescan, found, versions, room);
  const isTaken = await takeStep(db, rescan, taken, step, nowMs);
  if (isTaken) await announce(taken.flatMap(rescanJobsOf));
}

/** Which versions a step sends, in the order of their files, and where the rescan is then. */
function stepOf(
  { cursor }: RescanRow,
  found: readonly PlacedFile[],
  versions: readonly VersionRow[],
  room: Room,
): { readonly taken: readonly VersionRow[]; readonly step: Step } {
  const byFile = Map.groupBy(versions, ({ fileId }) => fileId);
  const taken: VersionRow[] = [];
  const step = { cursor, isSent: false, filesSeen: 0 };
  for (const { id, atMs } of found) {
    if (!hasRoom(room)) return { taken, step };
    step.filesSeen += id === cursor?.fileId ? 0 : 1;
    for (const version of byFile.get(id) ?? []) {
      if (!hasRoom(room)) return { taken, step };
      taken.push(version);
      room.versions -= 1;
      room.bytes -= Math.max(version.sizeBytes ?? 0, MIN_BYTES);
      step.cursor = { atMs, fileId: id, version: version.version };
    }
    step.cursor = { atMs, fileId: id, version: 0 };
  }
  step.isSent = found.length < FILES_PER_STEP;
  return { taken, step };
}
