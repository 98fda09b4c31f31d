import type { ObjectStore } from "./object-store.ts";
import { r2Store } from "./r2.ts";
import { s3Store } from "./s3/store.ts";
import { storeConfigOf, StoreVariables, withOlderStoreNames } from "./store-config.ts";

/** What the store is made of: R2's binding, which isn't used where the variables choose S3. */
export interface StoreBindings {
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
  return config.kind === "r2" ? r2Store(env.BUCKET) : s3Store(config.s3);
}
