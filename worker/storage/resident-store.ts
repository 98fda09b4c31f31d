import type { JurisdictionVariables, Residence } from "#contract/jurisdictions.ts";
import { residenceOf } from "#contract/jurisdictions.ts";
import { tenantOfKey } from "#contract/keys.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * The stores of all jurisdictions as one: each object is where its tenant's data has to stay, which its key tells. What is
 * no tenant's is in the store that is for all others.
 */
export function residentStore(
  env: JurisdictionVariables,
  storeIn: (residence: Residence) => ObjectStore,
): ObjectStore {
  const storeOf = (key: string): ObjectStore => {
    const tenantId = tenantOfKey(key);
    return storeIn(tenantId === undefined ? undefined : residenceOf(env, tenantId));
  };
  return {
    put: (key, body, contentType) => storeOf(key).put(key, body, contentType),
    createMultipart: (key, contentType) => storeOf(key).createMultipart(key, contentType),
    storePart: (key, multipartId, partNumber, body) =>
      storeOf(key).storePart(key, multipartId, partNumber, body),
    completeMultipart: (key, multipartId, parts) => storeOf(key).completeMultipart(key, multipartId, parts),
    abortMultipart: (key, multipartId) => storeOf(key).abortMultipart(key, multipartId),
    head: (key) => storeOf(key).head(key),
    get: (key, options) => storeOf(key).get(key, options),
    list: (prefix) => storeOf(prefix).list(prefix),
    async remove(keys) {
      for (const [store, own] of Map.groupBy(keys, storeOf)) await store.remove(own);
    },
  };
}
