import { createEntityGrants, type EntityGrants } from "../core/api/entity-grants.ts";
import { createGroups, type Groups } from "../core/api/groups.ts";
import { createUploadGrants, type UploadGrants } from "../core/api/upload-grants.ts";
import { requireEndpoint } from "../core/endpoint.ts";
import { type ApiOptions, createApiCall } from "../core/http.ts";

export interface ServerClientOptions extends ApiOptions {
  /** Origin of the API, without a trailing slash. */
  readonly endpoint: string;
}

/** What a CRM's backend does: what users do, and what only it can allow them. */
export interface ServerClient extends Groups {
  readonly uploadGrants: UploadGrants;
  readonly entityGrants: EntityGrants;
}

/**
 * The API for a CRM's backend, on Node 20 and later or in a Worker. A token is of one tenant: so is a client.
 * @throws RangeError when `endpoint` is empty or ends with a slash
 */
export function createServerClient({ endpoint, ...options }: ServerClientOptions): ServerClient {
  if (endpoint === "") throw new RangeError("endpoint must be the API's origin");
  const call = createApiCall(requireEndpoint(endpoint), options);
  return {
    ...createGroups(call),
    uploadGrants: createUploadGrants(call),
    entityGrants: createEntityGrants(call),
  };
}
