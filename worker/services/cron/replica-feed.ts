import type { Job } from "#contract/jobs.ts";
import type { Residence } from "#contract/jurisdictions.ts";
import type { ReplicaLag } from "#contract/replicas.ts";
import type { DatabaseBindings } from "../../db/database.ts";
import { allDatabases } from "../../db/database.ts";
import { measureLag, replaceLags, takeDueCopies } from "../../db/replica-feed.ts";
import { hasDueRemovals } from "../../db/replica-removals.ts";
import type { HeartbeatRow } from "../../db/reports.ts";
import { findHeartbeats } from "../../db/reports.ts";
import { HEARTBEAT_MAX_AGE_MS } from "../health.ts";
import type { ReplicaPlace } from "../replica-targets.ts";
import { copyJobOf, findConfiguredTargets, placesOf } from "../replica-targets.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEach, forEachDatabase } from "./each-database.ts";

/**
 * Cron's part of replicas: sends the jobs of copies that are due, and one for what is to be removed, and counts how far
 * targets are behind. Nothing is sent while no processor is heard of, and no copies while much waits in the queue: what is
 * in it is what a new upload waits for.
 */
type Announce = (jobs: readonly Job[]) => Promise<void>;

/** Of each database in a minute. */
const VERSIONS_PER_RUN = 200;
/** With so many jobs waiting, copies wait. */
const MAX_WAITING = 200;
/** After so long the job of a copy is taken to be lost. */
const LOST_AFTER_MS = 10 * 60_000;

/** To a database: to see whether something is due, and to count; and to the queues what is taken. */
const COST: Cost = { calls: 2, queries: 2 };
const COST_OF_COPIES: Cost = { calls: 10, queries: 2 };

/** @param lagAlertMs so long the oldest copy may wait before that is an error in the log */
export async function feedReplicas(
  env: DatabaseBindings,
  announce: Announce,
  lagAlertMs: number,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  const [first] = allDatabases(env);
  if (first === undefined) return;
  budget.spend(COST);
  const [configured, alive] = await Promise.all([
    findConfiguredTargets(env, nowMs),
    findHeartbeats(first, nowMs - HEARTBEAT_MAX_AGE_MS),
  ]);
  const places = alive.length === 0 ? [] : placesOf(env, configured);
  if (places.length > 0) {
    await sendRemovals(places, announce, nowMs, budget);
    await sendCopies(
      places.filter(({ residence }) => waitingIn(residence, alive) < MAX_WAITING),
      announce,
      nowMs,
      budget,
    );
  }
  const names = configured.map(({ name }) => name);
  await countLags(env, names, lagAlertMs, nowMs, budget);
}

/** Jobs that wait in the queue of a place, as the processors say whose targets are there. */
function waitingIn(residence: Residence, alive: readonly HeartbeatRow[]): number {
  const there = alive.filter(({ targets }) => targets.some((each) => each.jurisdiction === residence));
  return Math.max(0, ...there.map(({ backlog }) => backlog ?? 0));
}

async function sendCopies(
  places: readonly ReplicaPlace[],
  announce: Announce,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  await forEach(places, budget, "copies", async ({ db, targets }, part) => {
    part.spend(COST_OF_COPIES);
    const due = await takeDueCopies(db, targets, nowMs, nowMs + LOST_AFTER_MS, VERSIONS_PER_RUN);
    const jobs = due.flatMap((version) => copyJobOf(version) ?? []);
    if (jobs.length > 0) await announce(jobs);
  });
}

/** One job does all that it finds. */
async function sendRemovals(
  places: readonly ReplicaPlace[],
  announce: Announce,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  const due = await forEach(places, budget, "copy-removals", ({ db, targets }, part) => {
    part.spend(COST);
    return hasDueRemovals(db, targets, nowMs);
  });
  if (due.includes(true)) await announce([{ kind: "remove-copies" }]);
}

async function countLags(
  env: DatabaseBindings,
  targets: readonly string[],
  lagAlertMs: number,
  nowMs: number,
  budget: Budget,
): Promise<void> {
  const databases = allDatabases(env);
  const [first] = databases;
  const counted = await forEachDatabase(env, budget, "replica-lags", (db, part) => {
    part.spend(COST);
    return measureLag(db);
  });
  const byTarget = Map.groupBy(counted.flat(), ({ target }) => target);
  const names = [...new Set([...targets, ...byTarget.keys()])];
  const lags = names.map((name) => sumOf(name, byTarget.get(name) ?? []));
  if (first === undefined || lags.length === 0) return;
  // Where one is silent, what the others come to would be told as the whole.
  if (counted.length === databases.length) await replaceLags(first, lags, nowMs);
  for (const lag of lags) {
    const oldestMs = Math.min(lag.oldestPendingAtMs ?? nowMs, lag.oldestRemovalAtMs ?? nowMs);
    if (nowMs - oldestMs <= lagAlertMs) continue;
    console.error({ event: "replica-lagging", ...lag, oldestSeconds: Math.round((nowMs - oldestMs) / 1000) });
  }
}

function sumOf(target: string, lags: readonly ReplicaLag[]): ReplicaLag {
  const sum = (what: "pending" | "pendingBytes" | "failed" | "removals") =>
    lags.reduce((total, lag) => total + lag[what], 0);
  const oldest = (what: "oldestPendingAtMs" | "oldestRemovalAtMs") =>
    lags.flatMap(({ [what]: ms }) => ms ?? []).toSorted((a, b) => a - b)[0] ?? null;
  return {
    ...{ target, pending: sum("pending"), pendingBytes: sum("pendingBytes"), failed: sum("failed") },
    ...{ oldestPendingAtMs: oldest("oldestPendingAtMs"), oldestRemovalAtMs: oldest("oldestRemovalAtMs") },
    removals: sum("removals"),
  };
}
