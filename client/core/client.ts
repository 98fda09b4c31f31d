import type { EntityRef } from "#contract/entities.ts";
import { createGroups, type Groups } from "./api/groups.ts";
import { requireEndpoint } from "./endpoint.ts";
import { type ApiOptions, createApiCall } from "./http.ts";
import { createLive, type Live } from "./live.ts";
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
  /** What changes of the user's own files, uploads and quota. Made when it is first asked for. */
  readonly live: Live;
  /** What changes of an entity's files: of these alone is it told by whoever has a grant for the entity. */
  liveOf(entity: EntityRef): Live;
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
  let live: Live | undefined;
  // Nobody opens a socket by waiting for a file: what is told already is heard.
  const waiterFor = (fileId: string) => (live?.state === "closed" ? undefined : live?.waiterFor(fileId));
  const groups = createGroups(createApiCall(endpoint, options), waiterFor);
  const liveOf = (entity?: EntityRef) =>
    createLive({
      getTicket: (watched, signal) => groups.liveTickets.create(watched, { signal }),
      entity,
      ...(options.connection === undefined ? {} : { connection: options.connection }),
    });
  let uploads: Uploader | undefined;
  return {
    ...groups,
    liveOf,
    get live() {
      live ??= liveOf();
      return live;
    },
    get uploads() {
      uploads ??= createUploader({ ...options, endpoint: `${originOf(endpoint)}/v1/uploads` });
      return uploads;
    },
  };
}
