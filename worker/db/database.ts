import type { DrizzleD1Database } from "drizzle-orm/d1";
import { drizzle } from "drizzle-orm/d1";
import type { TenantId } from "#contract/ids.ts";
import type { Jurisdiction, JurisdictionVariables, Residence } from "#contract/jurisdictions.ts";
import { JURISDICTIONS, nameIn, residenceOf } from "#contract/jurisdictions.ts";
import { guardD1 } from "./d1-guard.ts";
import { quietLogger } from "./quiet-logger.ts";
import * as schema from "./schema/index.ts";
import { bucketOf, isDatabaseName, ONE_DATABASE, parseTenantBuckets } from "./tenant-buckets.ts";

export type Database = DrizzleD1Database<typeof schema>;

/**
 * The bindings that hold records. Others like it are DB_2, DB_3, …: a deployment may spread its tenants over them; and
 * DB_EU and the like, for the tenants whose data has to stay in a jurisdiction.
 */
export interface DatabaseBindings extends JurisdictionVariables {
  readonly DB: D1Database;
  /** Which database holds which tenants (tenant-buckets.ts); checked with the rest of the configuration. */
  readonly TENANT_BUCKETS?: string;
}

const OPTIONS = { schema, logger: quietLogger };

interface Layout {
  readonly byBucket: readonly D1Database[];
  readonly byJurisdiction: ReadonlyMap<Jurisdiction, D1Database>;
  readonly all: readonly D1Database[];
}

const layouts = new WeakMap<DatabaseBindings, Layout>();
const databases = new WeakMap<D1Database, Database>();

function layoutOf(env: DatabaseBindings): Layout {
  const known = layouts.get(env);
  if (known !== undefined) return known;
  const layout = readLayout(env);
  layouts.set(env, layout);
  return layout;
}

function readLayout(env: DatabaseBindings): Layout {
  // The runtime binds under these names nothing but databases.
  const bound = new Map(Object.entries(env as object as Record<string, D1Database>));
  const bindings = new Map([...bound].filter(([name]) => isDatabaseName(name)));
  const byJurisdiction = new Map(
    JURISDICTIONS.flatMap((jurisdiction) => {
      const binding = bound.get(nameIn("DB", jurisdiction));
      return binding === undefined ? [] : [[jurisdiction, binding] as const];
    }),
  );
  const byBucket = parseTenantBuckets(env.TENANT_BUCKETS ?? ONE_DATABASE).map((name) => {
    const binding = bindings.get(name);
    if (binding === undefined) throw new Error(`There is no binding ${name}.`);
    return binding;
  });
  const names = [...bindings.keys()].toSorted((a, b) => numberOf(a) - numberOf(b));
  const ofBuckets = names.flatMap((name) => bindings.get(name) ?? []);
  return { byBucket, byJurisdiction, all: [...ofBuckets, ...byJurisdiction.values()] };
}

/** DB is the first. */
function numberOf(name: string): number {
  return Number(name.slice("DB_".length) || 1);
}

function open(binding: D1Database): Database {
  const known = databases.get(binding);
  if (known !== undefined) return known;
  const database = drizzle(guardD1(binding), OPTIONS);
  databases.set(binding, database);
  return database;
}

/** A pinned tenant's is its jurisdiction's, or none. */
function bindingFor(env: DatabaseBindings, tenantId: TenantId): D1Database {
  const { byBucket, byJurisdiction } = layoutOf(env);
  const residence = residenceOf(env, tenantId);
  const binding = residence === undefined ? byBucket[bucketOf(tenantId)] : byJurisdiction.get(residence);
  if (binding === undefined) throw new Error("Every bucket and every jurisdiction has a database.");
  return binding;
}

/** The database that holds a tenant's records. */
export function databaseFor(env: DatabaseBindings, tenantId: TenantId): Database {
  return open(bindingFor(env, tenantId));
}

/**
 * The same to read lists from: a D1 session, which may ask the replica nearest to the caller and so be a little behind.
 * What decides who may read, or whether a file lives, asks `databaseFor`. One for each request.
 */
export function replicaFor(env: DatabaseBindings, tenantId: TenantId): Database {
  const session = guardD1(bindingFor(env, tenantId)).withSession("first-unconstrained");
  // A session has what drizzle uses of a database: `prepare` and `batch`.
  return drizzle(session as unknown as D1Database, OPTIONS);
}

/** The databases of the tenants that have to stay there; of undefined, those of all that nobody has pinned. */
export function databasesOf(env: DatabaseBindings, residence: Residence): readonly Database[] {
  const { all, byJurisdiction } = layoutOf(env);
  if (residence !== undefined) return [byJurisdiction.get(residence) ?? []].flat().map(open);
  const pinned = new Set(byJurisdiction.values());
  return all.filter((binding) => !pinned.has(binding)).map(open);
}

/** Every database, DB first, for work that isn't one tenant's (health, re-announcing). */
export function allDatabases(env: DatabaseBindings): readonly Database[] {
  return layoutOf(env).all.map(open);
}
