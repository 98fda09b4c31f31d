import { AppError, asAppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
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

/** Tenants that an isolate remembers; of more, those that it has known for longest are asked again. */
const MAX_REMEMBERED = 1_000;

const remembered = new WeakMap<DatabaseBindings, Map<TenantId, Remembered>>();

function memoryOf(env: DatabaseBindings): Map<TenantId, Remembered> {
  const known = remembered.get(env);
  if (known !== undefined) return known;
  const memory = new Map<TenantId, Remembered>();
  remembered.set(env, memory);
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

/**
 * A tenant's settings as they were at most `maxAgeMs` ago, so that most requests ask no database for them. While the
 * database doesn't answer, those of before stay good. Throws `TENANT_ERASING`.
 */
export async function admitTenant(
  env: DatabaseBindings,
  tenantId: TenantId,
  { maxAgeMs, nowMs }: { readonly maxAgeMs: number; readonly nowMs: number },
): Promise<TenantSettings> {
  const memory = memoryOf(env);
  const known = memory.get(tenantId);
  const isFresh = known !== undefined && nowMs - known.readAtMs < maxAgeMs;
  const standing = isFresh ? known.standing : await refresh(env, tenantId, nowMs);
  if (standing.isErasing) throw new AppError("TENANT_ERASING");
  return standing.settings;
}

/** What asks a database and can do without its answer waits for it so long. */
const TOLERANT_WAIT_MS = 1_000;

/**
 * The same for what goes on with an upload, which needs no database: where that can't say how the tenant stands, the
 * request goes on, with the settings that are for all. The uploads of a tenant that is being erased end by themselves.
 * Throws `TENANT_ERASING`.
 */
export async function admitUploading(
  env: DatabaseBindings,
  tenantId: TenantId,
  age: { readonly maxAgeMs: number; readonly nowMs: number },
): Promise<TenantSettings> {
  try {
    return await withDeadline(admitTenant(env, tenantId, age), TOLERANT_WAIT_MS, "SERVICE_UNAVAILABLE");
  } catch (error) {
    if (asAppError(error).code === "TENANT_ERASING") throw error;
    console.error({ event: "tenant-unknown", tenantId, error: String(error) });
    return {};
  }
}

async function refresh(env: DatabaseBindings, tenantId: TenantId, nowMs: number): Promise<TenantStanding> {
  const memory = memoryOf(env);
  try {
    const standing = await readStanding(env, tenantId);
    remember(memory, tenantId, { standing, readAtMs: nowMs });
    return standing;
  } catch (error) {
    const known = memory.get(tenantId);
    if (known === undefined) throw error;
    return known.standing;
  }
}

function remember(memory: Map<TenantId, Remembered>, tenantId: TenantId, standing: Remembered): void {
  // A map's first is the one that was put there first.
  memory.delete(tenantId);
  memory.set(tenantId, standing);
  for (const oldest of memory.keys()) {
    if (memory.size <= MAX_REMEMBERED) return;
    memory.delete(oldest);
  }
}

/** To be called where a tenant was changed: this isolate knows at once, the others when their memory is too old. */
export function forgetTenantStanding(env: DatabaseBindings, tenantId: TenantId): void {
  memoryOf(env).delete(tenantId);
}
