import { auditArchiveKey } from "#contract/keys.ts";
import { AUDIT_RETENTION_DAYS } from "#contract/tenants.ts";
import type { AuditArchive, NextArchive, TenantToArchive } from "../../db/audit-archives.ts";
import {
  ARCHIVING_RUNS,
  dayOf,
  findNextArchive,
  findRowlessTenants,
  findTenantsToArchive,
  lastSequenceOf,
  replaceByArchive,
} from "../../db/audit-archives.ts";
import type { Database, DatabaseBindings } from "../../db/database.ts";
import { withDeadline } from "../../deadline.ts";
import type { ObjectWriter } from "../../storage/object-store.ts";
import { EVENTS_PER_ARCHIVE, packArchive } from "../audit-archives.ts";
import { formatEvent } from "../audit-events.ts";
import { takingTurns } from "../in-turns.ts";
import type { Budget, Cost } from "./budget.ts";
import { forEachDatabase } from "./each-database.ts";

/**
 * Cron's part of the audit trail: events that their tenant keeps no longer go from the database into the bucket, a day (or
 * a part of one that is very long) in an object.
 *
 *   object stored → its row in and the events' rows out (one batch)
 *
 * A crash between the two loses nothing: the next run stores the same events under another key. Of two runs that overlap
 * and store the same, the first to have its row in wins, and the other changes nothing. An object that no row names stays
 * until the tenant is erased.
 */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** To find the tenants whose turn it is. */
const COST: Cost = { calls: 1, queries: 1 };
/** The run of an hour in which those have their turn who have no number. */
const ROWLESS_RUN = 0;
/** To find the events and what they come behind; to store them; to replace them. */
const COST_PER_ARCHIVE: Cost = { calls: 3, queries: 2 };
/** Of one tenant in one run: a tenant that keeps less from now on is done within a day. */
const ARCHIVES_PER_TENANT = 20;
const STORE_DEADLINE_MS = 30_000;
const CONTENT_TYPE = "application/gzip";

/**
 * Archives what is due of the tenants whose turn it is: each has one every hour, and where the budget doesn't suffice for all,
 * those that come first change from hour to hour. One that fails keeps no other from it.
 * @param scheduledMs the minute that it is done for: no other has its turns, however late it is
 */
export async function archiveAudit(
  env: DatabaseBindings,
  objects: ObjectWriter,
  scheduledMs: number,
  budget: Budget,
): Promise<void> {
  const run = Math.floor(scheduledMs / MINUTE_MS) % ARCHIVING_RUNS;
  await forEachDatabase(env, budget, "archive-audit", async (db, part) => {
    part.spend(COST);
    const due = await findTenantsToArchive(db, run, AUDIT_RETENTION_DAYS, scheduledMs);
    const rowless = run === ROWLESS_RUN ? await findRowless(db, scheduledMs, part) : [];
    const hour = Math.floor(scheduledMs / HOUR_MS);
    for (const tenant of takingTurns([...due, ...rowless], hour, part.itemsOf(COST_PER_ARCHIVE))) {
      if (part.isSpent) return;
      await archiveTenant(db, objects, tenant, scheduledMs, part);
    }
  });
}

function findRowless(db: Database, scheduledMs: number, part: Budget): Promise<readonly TenantToArchive[]> {
  part.spend(COST);
  return findRowlessTenants(db, AUDIT_RETENTION_DAYS, scheduledMs);
}

async function archiveTenant(
  db: Database,
  objects: ObjectWriter,
  { tenantId, keptDays }: TenantToArchive,
  scheduledMs: number,
  part: Budget,
): Promise<void> {
  const beforeMs = (Math.floor(scheduledMs / DAY_MS) - keptDays) * DAY_MS;
  try {
    for (let made = 0; made < ARCHIVES_PER_TENANT && !part.isSpent; made += 1) {
      part.spend(COST_PER_ARCHIVE);
      const next = await findNextArchive(db, tenantId, beforeMs, EVENTS_PER_ARCHIVE);
      if (next.events.length === 0) return;
      if (!(await storeArchive(db, objects, next, scheduledMs))) return;
    }
  } catch (error) {
    console.error({ event: "audit-not-archived", tenantId, error: String(error) });
  }
}

/** Says whether they are archived: not where another run was faster. */
async function storeArchive(
  db: Database,
  objects: ObjectWriter,
  { events, previous }: NextArchive,
  scheduledMs: number,
): Promise<boolean> {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return false;
  const { tenantId } = first;
  const firstDay = dayOf(first.atMs);
  // Never before the one before it, whatever clocks did: objects are in the order of their events.
  const day = previous !== undefined && previous.day > firstDay ? previous.day : firstDay;
  const part = previous?.day === day ? previous.part + 1 : 1;
  const objectKey = auditArchiveKey(tenantId, day, part, crypto.randomUUID());
  const { bytes, sha256 } = await packArchive(
    { tenantId, day, part, previous: nameOf(previous) },
    events.map(formatEvent),
  );
  const body = { pieces: [bytes], sizeBytes: bytes.byteLength };
  await withDeadline(objects.put(objectKey, body, CONTENT_TYPE), STORE_DEADLINE_MS, "STORE_UNAVAILABLE");
  const archive = {
    ...{ tenantId, day, part, objectKey, sha256, events: events.length, archivedAtMs: scheduledMs },
    ...{ firstId: first.id, lastId: last.id, lastSequence: lastSequenceOf(events) },
  };
  return replaceByArchive(db, archive, previous);
}

function nameOf(archive: AuditArchive | undefined): { key: string; sha256: string } | null {
  return archive === undefined ? null : { key: archive.objectKey, sha256: archive.sha256 };
}
