import { AppError, asAppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import { D1_DEADLINE_MS } from "../db/d1-guard.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import { findTenant } from "../db/tenants.ts";
import { withDeadline } from "../deadline.ts";

/** What of a tenant is asked at every request. */
export interface TenantStanding {
  readonly settings: TenantSettings;
  readonly isErasing: boolean;
}

interface Remembered {
  readonly standing: TenantStanding;
  readonly readAtMs: number;
}

/** What an isolate remembers. */
interface Memory {
  readonly tenants: Map<TenantId, Remembered>;
  /** Databases that were silent, and when one of them is asked again by whoever can do without its answer. */
  readonly silent: Map<Database, number>;
  /** How often something was forgotten: what was read before that isn't remembered after it. */
  changes: number;
}

/** Tenants that an isolate remembers; of more, those that it has known for longest are asked again. */
const MAX_REMEMBERED = 1_000;

const memories = new WeakMap<DatabaseBindings, Memory>();

function memoryOf(env: DatabaseBindings): Memory {
  const known = memories.get(env);
  if (known !== undefined) return known;
  const memory: Memory = { tenants: new Map(), silent: new Map(), changes: 0 };
  memories.set(env, memory);
  return memory;
}

/** How a tenant stands, read now. */
async function readStanding(env: DatabaseBindings, tenantId: TenantId): Promise<TenantStanding> {
  const found = await findTenant(databaseFor(env, tenantId), tenantId);
  return { settings: found?.settings ?? {}, isErasing: (found?.erasingAtMs ?? null) !== null };
}

/** What is otherwise for this tenant than for all, read now. What a request needs anyway is in its context. */
export async function settingsOf(env: DatabaseBindings, tenantId: TenantId): Promise<TenantSettings> {
  return (await readStanding(env, tenantId)).settings;
}

/** How old what is remembered may be. */
interface Age {
  readonly maxAgeMs: number;
  readonly nowMs: number;
}

/** What asks a database and can do without its answer waits for it so long. */
const TOLERANT_WAIT_MS = 1_000;
/** So long it isn't asked again then; after that, one request asks. */
const REST_MS = 5_000;

/**
 * A tenant's settings as they were at most `maxAgeMs` ago, so that most requests ask no database for them. While the
 * database doesn't answer, those of before stay good: they are waited for a second, and then not at all for a while. Throws
 * `TENANT_ERASING`.
 */
export async function admitTenant(
  env: DatabaseBindings,
  tenantId: TenantId,
  age: Age,
): Promise<TenantSettings> {
  const isKnown = memoryOf(env).tenants.has(tenantId);
  return settingsIn(await standingOf(env, tenantId, age, isKnown ? TOLERANT_WAIT_MS : D1_DEADLINE_MS));
}

/**
 * The same for what goes on with an upload, which needs no database: where that can't say how the tenant stands, the
 * request goes on, with the settings that are for all. The uploads of a tenant that is being erased end by themselves.
 * Throws `TENANT_ERASING`.
 */
export async function admitUploading(
  env: DatabaseBindings,
  tenantId: TenantId,
  age: Age,
): Promise<TenantSettings> {
  try {
    return settingsIn(await standingOf(env, tenantId, age, TOLERANT_WAIT_MS));
  } catch (error) {
    if (asAppError(error).code === "TENANT_ERASING") throw error;
    console.error({ event: "tenant-unknown", tenantId, error: String(error) });
    return {};
  }
}

function settingsIn({ isErasing, settings }: TenantStanding): TenantSettings {
  if (isErasing) throw new AppError("TENANT_ERASING");
  return settings;
}

/** As it is remembered, or read where that is too old; or as it is remembered however old, where it can't be read in time. */
async function standingOf(
  env: DatabaseBindings,
  tenantId: TenantId,
  { maxAgeMs, nowMs }: Age,
  waitMs: number,
): Promise<TenantStanding> {
  const known = memoryOf(env).tenants.get(tenantId);
  if (known !== undefined && nowMs - known.readAtMs < maxAgeMs) return known.standing;
  try {
    return await readInTime(env, tenantId, nowMs, waitMs);
  } catch (error) {
    if (known === undefined) throw error;
    return known.standing;
  }
}

/** Throws `SERVICE_UNAVAILABLE`, at once where the database was silent a moment ago. */
async function readInTime(
  env: DatabaseBindings,
  tenantId: TenantId,
  nowMs: number,
  waitMs: number,
): Promise<TenantStanding> {
  const { silent } = memoryOf(env);
  const db = databaseFor(env, tenantId);
  const askAtMs = silent.get(db);
  if (askAtMs !== undefined) {
    if (nowMs < askAtMs) throw new AppError("SERVICE_UNAVAILABLE", { detail: "The database is silent." });
    // Of many that come now, one waits.
    silent.set(db, nowMs + REST_MS);
  }
  const sinceMs = Date.now();
  try {
    return await withDeadline(readAndRemember(env, tenantId, nowMs), waitMs, "SERVICE_UNAVAILABLE");
  } catch (error) {
    const waitedMs = Date.now() - sinceMs;
    if (waitedMs >= TOLERANT_WAIT_MS) silent.set(db, nowMs + waitedMs + REST_MS);
    throw error;
  }
}

/** Of an answer that nobody waits for any more too. */
async function readAndRemember(
  env: DatabaseBindings,
  tenantId: TenantId,
  nowMs: number,
): Promise<TenantStanding> {
  const memory = memoryOf(env);
  const { changes } = memory;
  const standing = await readStanding(env, tenantId);
  memory.silent.delete(databaseFor(env, tenantId));
  if (memory.changes === changes) remember(memory.tenants, tenantId, { standing, readAtMs: nowMs });
  return standing;
}

function remember(tenants: Map<TenantId, Remembered>, tenantId: TenantId, standing: Remembered): void {
  // A map's first is the one that was put there first.
  tenants.delete(tenantId);
  tenants.set(tenantId, standing);
  for (const oldest of tenants.keys()) {
    if (tenants.size <= MAX_REMEMBERED) return;
    tenants.delete(oldest);
  }
}

/** To be called where a tenant was changed: this isolate knows at once, the others when their memory is too old. */
export function forgetTenantStanding(env: DatabaseBindings, tenantId: TenantId): void {
  const memory = memoryOf(env);
  memory.changes += 1;
  memory.tenants.delete(tenantId);
}
