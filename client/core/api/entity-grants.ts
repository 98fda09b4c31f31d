import type { EntityGrantResponse } from "#contract/entity-grants.ts";
import type { EntityGrantInput, GrantRenewalInput } from "#contract/inputs.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";
import { keyHeader, type MakingOptions } from "./idempotency.ts";

/** What lets a user do with the files of one entity what the CRM says. */
export interface EntityGrants {
  create(grant: EntityGrantInput, options?: MakingOptions): Promise<EntityGrantResponse>;
  /** Another token for the same user, entity and actions: ask your own rules again before. */
  renew(grant: GrantRenewalInput, options?: CallOptions): Promise<EntityGrantResponse>;
}

export function createEntityGrants(call: ApiCall): EntityGrants {
  return {
    create: async (body, options = {}) =>
      call<EntityGrantResponse>(
        { method: "POST", path: "/v1/entity-grants", headers: keyHeader(options), body },
        readJson,
        options,
      ),
    renew: async (body, options) =>
      call<EntityGrantResponse>(
        { method: "POST", path: "/v1/entity-grants/renewals", body, isRepeatable: true },
        readJson,
        options,
      ),
  };
}
