import type { ProcessJob } from "#contract/jobs.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import { findHeartbeats } from "../db/reports.ts";
import type { Step } from "../db/rescan-feed.ts";
import {
  findFilesToRescan,
  findVersionsToRescan,
  measureLoad,
  takeLostJobs,
  takeStep,
} from "../db/rescan-feed.ts";
import type { RescanRow } from "../db/rescans.ts";
import { findRunningRescans, finishRescans } from "../db/rescans.ts";
import { jobOf } from "./announce.ts";
import { itemsPerDatabase } from "./call-shares.ts";
import type { AnnounceAll } from "./failed-jobs.ts";
import { HEARTBEAT_MAX_AGE_MS } from "./health.ts";

/**
 * Cron's part of rescans: each minute as many jobs as keep a processor busy and no new upload waiting. A queue is served
 * in its order, so that what is in it already is what a new upload waits for: `MAX_AWAITED` scans at most, and none at all
 * while uploads wait. A step is written down before its jobs are sent; those that are lost are sent again.
 */

/** Scans of rescans that are under way at once, of each database's tenants. */
const MAX_AWAITED = 100;
/** With so many uploads waiting, rescans wait. */
const MAX_WAITING = 20;
/** Files that one step looks through: of most there may be nothing to scan. */
const FILES_PER_STEP = 500;
/** A job without an answer for so long was lost; a large file under a busy scanner takes minutes. */
const LOST_AFTER_MS = 15 * 60_000;
/** To the database three, and to the queue; and the share of what is asked of each database at first. */
const CALLS_PER_RESCAN = 8;

/**
 * Feeds the rescans that run, those first that waited longest. Nothing is sent while no processor is heard of.
 * @param calls how many calls to other parts it may make
 */
export async function feedRescans(
  env: DatabaseBindings,
  announce: AnnounceAll,
  nowMs: number,
  calls: number,
): Promise<void> {
  const databases = allDatabases(env);
  for (const db of databases) await finishRescans(db, nowMs);
  const [first] = databases;
  const alive = first === undefined ? [] : await findHeartbeats(first, nowMs - HEARTBEAT_MAX_AGE_MS);
  if (alive.length === 0) return;
  const backlog = Math.max(...alive.map((row) => row.backlog ?? 0));
  const limit = itemsPerDatabase(env, calls, CALLS_PER_RESCAN);
  for (const db of databases) await feedDatabase(db, announce, { backlog, limit, nowMs });
}

interface Feeding {
  /** Jobs in the queue, as a processor told. */
  readonly backlog: number;
  /** Rescans that are fed at most. */
  readonly limit: number;
  readonly nowMs: number;
}

async function feedDatabase(
  db: Database,
  announce: AnnounceAll,
  { backlog, limit, nowMs }: Feeding,
): Promise<void> {
  const rescans = await findRunningRescans(db, nowMs, limit);
  const { waiting, awaited } = await measureLoad(db, MAX_AWAITED + MAX_WAITING);
  if (Math.max(waiting, backlog - awaited) >= MAX_WAITING) return;
  const lost = await takeLostJobs(db, nowMs - LOST_AFTER_MS, nowMs, MAX_AWAITED);
  if (lost.length > 0) await announce(lost.flatMap(rescanJobsOf));
  let room = MAX_AWAITED - awaited;
  for (const rescan of rescans) {
    if (room <= 0) return;
    room -= await feed(db, announce, rescan, room, nowMs);
  }
}

function rescanJobsOf(version: VersionRow): readonly ProcessJob[] {
  const job = jobOf(version);
  return job === undefined ? [] : [{ ...job, rescan: true }];
}

const NEXT_PHASE = { live: "trash", trash: "end", file: "end", end: "end" } as const;

/** One step of a rescan; returns how many versions it sent. */
async function feed(
  db: Database,
  announce: AnnounceAll,
  rescan: RescanRow,
  room: number,
  nowMs: number,
): Promise<number> {
  const found = await findFilesToRescan(db, rescan, FILES_PER_STEP);
  const versions = found.length === 0 ? [] : await findVersionsToRescan(db, rescan, found);
  const byFile = Map.groupBy(versions, ({ fileId }) => fileId);
  const taken: VersionRow[] = [];
  let filesSeen = 0;
  for (const { id } of found) {
    const ofFile = byFile.get(id) ?? [];
    // A file of more versions than there is room for goes alone.
    if (taken.length > 0 && taken.length + ofFile.length > room) break;
    taken.push(...ofFile);
    filesSeen += 1;
  }
  const isPhaseOver = filesSeen === found.length && found.length < FILES_PER_STEP;
  const step: Step = isPhaseOver
    ? { phase: NEXT_PHASE[rescan.phase], cursor: undefined, filesSeen }
    : { phase: rescan.phase, cursor: found[filesSeen - 1], filesSeen };
  const isTaken = await takeStep(db, rescan, taken, step, nowMs);
  if (!isTaken) return 0;
  await announce(taken.flatMap(rescanJobsOf));
  return taken.length;
}
