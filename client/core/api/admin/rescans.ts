import type { RescanInput } from "#contract/inputs.ts";
import type { Rescan, RescanList } from "#contract/rescans.ts";
import { type ApiCall, type CallOptions, readJson } from "../../http.ts";
import { keyHeader, type MakingOptions } from "../idempotency.ts";
import { pathOf } from "../paths.ts";

/** Scanning again what is clean. */
export interface Rescans {
  /** The newest hundred. */
  list(options?: CallOptions): Promise<RescanList>;
  get(id: string, options?: CallOptions): Promise<Rescan>;
  create(request?: RescanInput, options?: MakingOptions): Promise<Rescan>;
  pause(id: string, options?: CallOptions): Promise<Rescan>;
  resume(id: string, options?: CallOptions): Promise<Rescan>;
  cancel(id: string, options?: CallOptions): Promise<Rescan>;
}

export function createRescans(call: ApiCall): Rescans {
  const change = (name: "pause" | "resume" | "cancel"): Rescans["pause"] => {
    return async (id, options) =>
      call<Rescan>({ method: "POST", path: pathOf`/v1/admin/rescans/${id}/${name}` }, readJson, options);
  };
  return {
    list: async (options) => call<RescanList>({ path: "/v1/admin/rescans" }, readJson, options),
    get: async (id, options) => call<Rescan>({ path: pathOf`/v1/admin/rescans/${id}` }, readJson, options),
    create: async (body = {}, options = {}) =>
      call<Rescan>(
        { method: "POST", path: "/v1/admin/rescans", headers: keyHeader(options), body },
        readJson,
        options,
      ),
    pause: change("pause"),
    resume: change("resume"),
    cancel: change("cancel"),
  };
}
