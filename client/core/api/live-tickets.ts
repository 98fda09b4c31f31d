import type { LiveTicketInput } from "#contract/inputs.ts";
import type { LiveTicket } from "#contract/live.ts";
import { type ApiCall, type CallOptions, readJson } from "../http.ts";

/** What opens a socket that tells of changes. */
export interface LiveTickets {
  /** Of an entity's files, or of what is the caller's own. It opens one within half a minute. */
  create(of?: LiveTicketInput, options?: CallOptions): Promise<LiveTicket>;
}

export function createLiveTickets(call: ApiCall): LiveTickets {
  return {
    create: async (body = {}, options) =>
      call<LiveTicket>(
        { method: "POST", path: "/v1/live/tickets", body, isRepeatable: true },
        readJson,
        options,
      ),
  };
}
