import type { DrizzleD1Database } from "drizzle-orm/d1";
import { drizzle } from "drizzle-orm/d1";
import type { TenantId } from "#contract/ids.ts";
import { withD1Deadline } from "./d1-deadline.ts";
import * as schema from "./schema.ts";

export type Database = DrizzleD1Database<typeof schema> & { readonly $client: D1Database };

/** The bindings that hold records; a deployment may spread its tenants over many. */
export interface DatabaseBindings {
  readonly DB: D1Database;
}

const databases = new WeakMap<D1Database, Database>();

function open(binding: D1Database): Database {
  const known = databases.get(binding);
  if (known !== undefined) return known;
  const database = drizzle(withD1Deadline(binding), { schema });
  databases.set(binding, database);
  return database;
}

/** The database that holds a tenant's records. */
export function databaseFor(env: DatabaseBindings, _tenantId: TenantId): Database {
  return open(env.DB);
}

/** Every database, for work that isn't one tenant's (health, re-announcing). */
export function allDatabases(env: DatabaseBindings): readonly Database[] {
  return [open(env.DB)];
}
