import { createGroups, type Groups } from "./api/groups.ts";
import { requireEndpoint } from "./endpoint.ts";
import { type ApiOptions, createApiCall } from "./http.ts";
import type { SessionOptions, UploadingOptions } from "./types.ts";
import { createUploader, type Uploader } from "./uploader.ts";

export interface ClientOptions extends ApiOptions, SessionOptions, Omit<UploadingOptions, "endpoint"> {
  /** Origin of the API, without a trailing slash; "" for the page's own. */
  readonly endpoint: string;
  readonly getToken: SessionOptions["getToken"];
  readonly retryBaseMs?: number;
}

/** All that a user with a session, or with an entity grant, does with the API. */
export interface Client extends Groups {
  /** Made when it is first asked for. */
  readonly uploads: Uploader;
}

/** The page's own origin for "", where uploads need an absolute address. */
function originOf(endpoint: string): string {
  return endpoint === "" ? globalThis.location.origin : endpoint;
}

/**
 * The API for a page: calls that are typed by its contract, and uploads that survive what happens to them.
 * @throws RangeError when `endpoint` ends with a slash
 */
export function createClient(options: ClientOptions): Client {
  const endpoint = requireEndpoint(options.endpoint);
  const groups = createGroups(createApiCall(endpoint, options));
  let uploads: Uploader | undefined;
  return {
    ...groups,
    get uploads() {
      uploads ??= createUploader({ ...options, endpoint: `${originOf(endpoint)}/v1/uploads` });
      return uploads;
    },
  };
}
