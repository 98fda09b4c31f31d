import type { FileVersionRef, TenantId } from "#contract/ids.ts";
import type { CopyJob } from "#contract/jobs.ts";
import type { Residence } from "#contract/jurisdictions.ts";
import { JURISDICTIONS, residenceOf } from "#contract/jurisdictions.ts";
import type { ConfiguredTarget, ReplicaLag } from "#contract/replicas.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { Database, DatabaseBindings } from "../db/database.ts";
import { allDatabases, databasesOf } from "../db/database.ts";
import type { VersionRow } from "../db/files.ts";
import { findLags } from "../db/replica-feed.ts";
import type { WantedCopies } from "../db/replicas.ts";
import { findHeartbeats } from "../db/reports.ts";
import { settingsOf } from "./tenants.ts";

/**
 * Which targets there are: the processors know, whose configuration names them, and tell it with every sign of life. The
 * worker holds no credentials of theirs.
 */

/** A processor that restarts is silent for some seconds, and its targets are targets still. */
const ALIVE_MS = 60_000;
/** Where none is heard of, the last one's targets stand for so long. */
const KNOWN_MS = 24 * 3_600_000;
/** In so long the job of a copy is done, as a rule; cron sends it again then. */
const FIRST_ANNOUNCE_MS = 60_000;

/** The targets of the processors that live, or of the last that did. */
export async function findConfiguredTargets(
  env: DatabaseBindings,
  nowMs: number,
): Promise<readonly ConfiguredTarget[]> {
  const [db] = allDatabases(env);
  if (db === undefined) return [];
  const heard = await findHeartbeats(db, nowMs - KNOWN_MS);
  const alive = heard.filter(({ atMs }) => atMs >= nowMs - ALIVE_MS);
  const told = alive.length > 0 ? alive : heard.slice(0, 1);
  return withoutAmbiguous(told.flatMap(({ targets }) => targets));
}

/** What has the name of a target elsewhere is no target: whose copies are there couldn't be told from its name. */
function withoutAmbiguous(targets: readonly ConfiguredTarget[]): readonly ConfiguredTarget[] {
  const ambiguous = ambiguousNames(targets);
  const byName = new Map(targets.map((target) => [target.name, target]));
  return [...byName.values()].filter(({ name }) => !ambiguous.has(name));
}

/** Names that are of targets in more than one place. */
export function ambiguousNames(targets: readonly ConfiguredTarget[]): ReadonlySet<string> {
  const byName = Map.groupBy(targets, ({ name }) => name);
  const isAmbiguous = (name: string) =>
    new Set(byName.get(name)?.map(({ jurisdiction }) => jurisdiction)).size > 1;
  return new Set([...byName.keys()].filter(isAmbiguous));
}

/** A database and the names of the targets that are where its tenants have to stay. */
export interface ReplicaPlace {
  readonly residence: Residence;
  readonly db: Database;
  readonly targets: readonly string[];
}

export function placesOf(
  env: DatabaseBindings,
  targets: readonly ConfiguredTarget[],
): readonly ReplicaPlace[] {
  return [undefined, ...JURISDICTIONS].flatMap((residence) => {
    const there = targets.filter(({ jurisdiction }) => jurisdiction === residence).map(({ name }) => name);
    if (there.length === 0) return [];
    return databasesOf(env, residence).map((db) => ({ residence, db, targets: there }));
  });
}

/** Those of them that are where a tenant's data has to stay, or where that of all others is. */
export async function findTargetsFor(
  env: DatabaseBindings,
  tenantId: TenantId,
  nowMs: number,
): Promise<readonly ConfiguredTarget[]> {
  const residence = residenceOf(env, tenantId);
  const configured = await findConfiguredTargets(env, nowMs);
  return configured.filter(({ jurisdiction }) => jurisdiction === residence);
}

/** Those of them that a tenant's files go to. */
export function chooseTargets(
  { replicaTargets }: TenantSettings,
  configured: readonly ConfiguredTarget[],
): readonly string[] {
  const names = configured.map(({ name }) => name);
  return replicaTargets === undefined ? names : names.filter((name) => replicaTargets.includes(name));
}

/** Where a version of the tenant's that becomes clean now is to be copied. */
export async function copiesWantedBy(
  env: DatabaseBindings,
  tenantId: TenantId,
  nowMs: number,
): Promise<WantedCopies> {
  const [settings, configured] = await Promise.all([
    settingsOf(env, tenantId),
    findTargetsFor(env, tenantId, nowMs),
  ]);
  return {
    targets: chooseTargets(settings, configured),
    nowMs,
    announceAtMs: nowMs + FIRST_ANNOUNCE_MS,
  };
}

/** The job that copies a version; undefined while nothing of it is stored. */
export function copyJobOf(
  row: FileVersionRef & Pick<VersionRow, "objectKey" | "etag" | "sizeBytes">,
): CopyJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes } = row;
  if (objectKey === null || etag === null || sizeBytes === null) return undefined;
  return { kind: "copy", tenantId, fileId, version, objectKey, etag, sizeBytes };
}

/** How far each target was behind at the last count, for the processor's metrics. */
export async function lagsOf(env: DatabaseBindings): Promise<readonly ReplicaLag[]> {
  const [first] = allDatabases(env);
  return first === undefined ? [] : findLags(first);
}
