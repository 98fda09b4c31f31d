import type { JurisdictionVariables } from "#contract/jurisdictions.ts";
import { jurisdictionsOf, nameIn } from "#contract/jurisdictions.ts";
import type { ObjectStore } from "./object-store.ts";
import { r2Store } from "./r2.ts";
import { residentStore } from "./resident-store.ts";
import { s3Store } from "./s3/store.ts";
import { storeConfigOf, StoreVariables, withOlderStoreNames } from "./store-config.ts";

/** What the store is made of: R2's bindings, which aren't used where the variables choose S3. */
export interface StoreBindings extends JurisdictionVariables {
  readonly BUCKET: R2Bucket;
}

const stores = new WeakMap<object, ObjectStore>();

/**
 * The object store that this deployment has chosen. The configuration was found right before the first request was
 * served (middleware/configuration.ts). Throws where it isn't, as for a cron that comes before.
 */
export function objectStoreOf(env: StoreBindings): ObjectStore {
  const known = stores.get(env);
  if (known !== undefined) return known;
  const store = openStore(env);
  stores.set(env, store);
  return store;
}

function openStore(env: StoreBindings): ObjectStore {
  const given = Object.entries(env).filter(([, value]) => value !== "");
  const vars = StoreVariables.parse(withOlderStoreNames(Object.fromEntries(given)));
  const config = storeConfigOf(vars);
  return config.kind === "r2" ? openBuckets(env) : s3Store(config.s3);
}

/** One bucket, or one for each jurisdiction beside it. Throws where a jurisdiction has none. */
function openBuckets(env: StoreBindings): ObjectStore {
  const others = r2Store(env.BUCKET);
  const jurisdictions = jurisdictionsOf(env);
  if (jurisdictions.length === 0) return others;
  const bindings = new Map(Object.entries(env as object as Record<string, R2Bucket>));
  const own = new Map(
    jurisdictions.map((jurisdiction) => {
      const name = nameIn("BUCKET", jurisdiction);
      const bucket = bindings.get(name);
      if (bucket === undefined) throw new Error(`There is no binding ${name}.`);
      return [jurisdiction, r2Store(bucket)] as const;
    }),
  );
  return residentStore(env, (residence) => (residence && own.get(residence)) ?? others);
}
