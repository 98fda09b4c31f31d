import type { TenantId } from "./ids.ts";

/**
 * Where a tenant's data has to stay (docs/decisions/0027-residency.md). A map of the deployment's configuration says it, and
 * each kind of place is chosen by one function that asks here: databases (db/database.ts), objects (storage/store.ts), jobs
 * (storage/jobs.ts), uploads (uploads/upload-client.ts), replica targets (services/replica-targets.ts).
 */

/** As Cloudflare's D1, R2, Queues and Durable Objects all have them. */
export const JURISDICTIONS = ["eu", "us"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** Undefined: nowhere in particular, as all tenants are that nobody has pinned. */
export type Residence = Jurisdiction | undefined;

export interface TenantJurisdictions {
  readonly byId: ReadonlyMap<string, Residence>;
  /** By how ids begin, the longest beginning first. */
  readonly byPrefix: readonly { readonly prefix: string; readonly residence: Residence }[];
}

/** What has a map, or none: the worker's environment. */
export interface JurisdictionVariables {
  readonly TENANT_JURISDICTIONS?: string;
}

const ENTRY = /^([A-Za-z0-9][A-Za-z0-9_-]{0,62})(\*?)=(eu|us|none)$/;

/**
 * Reads a map as it is configured: `acme=eu,eu-*=eu,eu-old=none`. A whole id counts before beginnings, and a longer
 * beginning before a shorter one. Throws an Error that says what is wrong with it.
 */
export function parseTenantJurisdictions(text: string): TenantJurisdictions {
  const byId = new Map<string, Residence>();
  const prefixes = new Map<string, Residence>();
  for (const entry of text.split(",").map((each) => each.trim())) {
    const [, id, star, place] = ENTRY.exec(entry) ?? [];
    if (id === undefined) throw new Error(`is like "acme=eu,eu-*=eu,old=none", and "${entry}" isn't`);
    const map = star === "*" ? prefixes : byId;
    if (map.has(id)) throw new Error(`has "${id}${star}" twice`);
    map.set(
      id,
      JURISDICTIONS.find((known) => known === place),
    );
  }
  const byPrefix = [...prefixes].map(([prefix, residence]) => ({ prefix, residence }));
  return { byId, byPrefix: byPrefix.toSorted((one, other) => other.prefix.length - one.prefix.length) };
}

/** The jurisdictions that a map names. */
export function jurisdictionsIn({ byId, byPrefix }: TenantJurisdictions): readonly Jurisdiction[] {
  const named = [...byId.values(), ...byPrefix.map(({ residence }) => residence)];
  return JURISDICTIONS.filter((known) => named.includes(known));
}

/** The name of a jurisdiction's own binding or variable beside one that is for all others. */
export function nameIn<T extends string>(name: T, jurisdiction: Jurisdiction): `${T}_${string}` {
  return `${name}_${jurisdiction.toUpperCase()}`;
}

const parsedMaps = new Map<string, TenantJurisdictions>();

function mapOf({ TENANT_JURISDICTIONS: text = "" }: JurisdictionVariables): TenantJurisdictions | undefined {
  if (text === "") return undefined;
  const known = parsedMaps.get(text);
  if (known !== undefined) return known;
  const map = parseTenantJurisdictions(text);
  parsedMaps.set(text, map);
  return map;
}

/** Where a tenant's data has to stay. Throws where the map can't be read. */
export function residenceOf(env: JurisdictionVariables, tenantId: TenantId): Residence {
  const map = mapOf(env);
  if (map === undefined) return undefined;
  if (map.byId.has(tenantId)) return map.byId.get(tenantId);
  return map.byPrefix.find(({ prefix }) => tenantId.startsWith(prefix))?.residence;
}

/** Where data of some tenant has to stay, beside those of no jurisdiction. */
export function jurisdictionsOf(env: JurisdictionVariables): readonly Jurisdiction[] {
  const map = mapOf(env);
  return map === undefined ? [] : jurisdictionsIn(map);
}
