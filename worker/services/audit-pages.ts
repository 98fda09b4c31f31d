import type { AuditPage, AuditQuery, AuditRecord } from "#contract/audit.ts";
import { AppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import { findArchivesBefore } from "../db/audit-archives.ts";
import type { AuditFilter } from "../db/audit-trail.ts";
import { eventIdOf, findLogBounds, findLogged, oldEventsQuery, sequenceOf } from "../db/audit-trail.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { ObjectReader } from "../storage/object-store.ts";
import { readArchive } from "./audit-archives.ts";
import { formatEvent } from "./audit-events.ts";

/**
 * Pages of the trail, over the three places that it is in, the newest events first. A page looks at so many events at
 * most: where few of them are what is asked for, it ends before it is full, and its cursor is behind the last one looked at.
 */
const EVENTS_LOOKED_AT = 20_000;
/** Each takes a call to the bucket, and has 5,000 events at most. */
const ARCHIVES_LOOKED_AT = 5;

interface Look {
  readonly db: Database;
  readonly objects: ObjectReader;
  readonly tenantId: TenantId;
  readonly filter: AuditFilter;
  readonly beforeId: string | undefined;
}

/** What one place has: events, and where to go on, if it was not looked through to its end. */
interface Found {
  readonly events: readonly AuditRecord[];
  readonly goOnBefore?: string | undefined;
}

/** Of events that are numbered, and of those of before. */
const CURSOR = /^(?:e\d{15}|[0-9a-z]{11}[0-9a-f]{16})$/;

function requireCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || CURSOR.test(cursor)) return cursor;
  throw new AppError("REQUEST_INVALID", {
    errors: [{ path: "cursor", message: "is not a cursor of this list" }],
  });
}

/**
 * A page of what was done in a tenant, newest first. Throws `REQUEST_INVALID` for a cursor that isn't ours, and
 * `SERVICE_UNAVAILABLE` where an archived part can't be read.
 */
export async function getAuditPage(
  env: DatabaseBindings,
  objects: ObjectReader,
  tenantId: TenantId,
  query: AuditQuery,
): Promise<AuditPage> {
  const { fileId, userId, action, after, before, limit, cursor } = query;
  const filter = { fileId, action, actorId: userId, sinceMs: after, untilMs: before };
  const look = { db: databaseFor(env, tenantId), objects, tenantId, filter, beforeId: requireCursor(cursor) };
  const items: AuditRecord[] = [];
  for (const place of [lookIntoLog, lookIntoOldEvents, lookIntoArchives]) {
    // What was found may be in the next place by now, where archiving has taken it.
    const beforeId = items.at(-1)?.id ?? look.beforeId;
    // One more than fits tells that there are more.
    const { events, goOnBefore } = await place({ ...look, beforeId }, limit + 1 - items.length);
    items.push(...events);
    if (items.length > limit)
      return { items: items.slice(0, limit), nextCursor: items[limit - 1]?.id ?? null };
    if (goOnBefore !== undefined) return { items, nextCursor: goOnBefore };
  }
  return { items, nextCursor: null };
}

async function lookIntoLog({ db, tenantId, filter, beforeId }: Look, limit: number): Promise<Found> {
  const before = beforeId === undefined ? Number.POSITIVE_INFINITY : sequenceOf(beforeId);
  if (before === undefined) return { events: [] };
  const bounds = await findLogBounds(db, tenantId, filter);
  if (bounds === undefined) return { events: [] };
  const until = Math.min(bounds.until, before);
  // A file's are found by an index; whoever did it, and what, is looked for.
  const isLookedFor = filter.fileId === undefined && (filter.actorId ?? filter.action) !== undefined;
  const since = isLookedFor ? Math.max(bounds.since, until - EVENTS_LOOKED_AT) : bounds.since;
  const rows = await findLogged(db, tenantId, filter, { since, until }, limit);
  const isAll = since === bounds.since || rows.length === limit;
  return { events: rows.map(formatEvent), goOnBefore: isAll ? undefined : eventIdOf(since) };
}

async function lookIntoOldEvents({ db, tenantId, filter, beforeId }: Look, limit: number): Promise<Found> {
  const rows = await oldEventsQuery(db, tenantId, filter, beforeId, limit);
  return { events: rows.map(formatEvent) };
}

async function lookIntoArchives(look: Look, limit: number): Promise<Found> {
  const { db, objects, tenantId, filter, beforeId } = look;
  const archives = await findArchivesBefore(db, tenantId, filter, beforeId, ARCHIVES_LOOKED_AT + 1);
  const events: AuditRecord[] = [];
  for (const archive of archives.slice(0, ARCHIVES_LOOKED_AT)) {
    const found = (await readArchive(objects, archive)).filter((event) => isAsked(event, look)).toReversed();
    events.push(...found.slice(0, limit - events.length));
    if (events.length === limit) return { events };
  }
  const last = archives.length > ARCHIVES_LOOKED_AT ? archives[ARCHIVES_LOOKED_AT - 1] : undefined;
  return { events, goOnBefore: last?.firstId };
}

/** The same as the database is asked. */
function isAsked({ id, at, action, actor, fileId }: AuditRecord, { filter, beforeId }: Look): boolean {
  const atMs = Date.parse(at);
  return (
    (beforeId === undefined || id < beforeId) &&
    (filter.fileId === undefined || fileId === filter.fileId) &&
    (filter.actorId === undefined || actor.id === filter.actorId) &&
    (filter.action === undefined || action === filter.action) &&
    (filter.sinceMs === undefined || atMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || atMs < filter.untilMs)
  );
}
