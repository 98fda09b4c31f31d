import type { EntityCountsInput } from "#contract/inputs.ts";
import type { EntityCounts, ListScope, MAX_COUNTED_ENTITIES } from "#contract/listing.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";
import { inBatches } from "./pages.ts";

const COUNTED_ENTITIES: typeof MAX_COUNTED_ENTITIES = 200;

export interface CountOptions extends CallOptions {
  readonly scope?: ListScope | undefined;
}

/** What the CRM's own things have of files. */
export interface Entities {
  /** How many files each of any number of entities has, and their bytes, in the entities' order: 200 in each request. */
  counts(items: EntityCountsInput["items"], options?: CountOptions): Promise<EntityCounts["items"]>;
}

export function createEntities(call: ApiCall): Entities {
  return {
    counts: async (entities, { scope, ...options } = {}) => [
      ...(await inBatches(entities, COUNTED_ENTITIES, async (items) =>
        call<EntityCounts>(
          { method: "POST", path: "/v1/entities/counts", body: { items, scope }, isRepeatable: true },
          readJson,
          options,
        ),
      )),
    ],
  };
}
