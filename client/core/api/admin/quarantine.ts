import type { QuarantineInput, ReleaseInput } from "#contract/inputs.ts";
import type { BlockedVersion, QuarantinePage } from "#contract/quarantine.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../../http.ts";
import { itemsOf } from "../pages.ts";
import { pathOf } from "../paths.ts";

/** Versions that did not pass their check. */
export interface Quarantine {
  list(query?: QuarantineInput, options?: CallOptions): Promise<QuarantinePage>;
  /** All that `list` has, page after page. */
  all(query?: QuarantineInput, options?: CallOptions): AsyncGenerator<BlockedVersion, void, undefined>;
  /** Says that a version is clean: a person's verdict, with its reason. */
  release(fileId: string, version: number, release: ReleaseInput, options?: CallOptions): Promise<void>;
  /** Removes it for good. */
  remove(fileId: string, version: number, options?: CallOptions): Promise<void>;
}

export function createQuarantine(call: ApiCall): Quarantine {
  const list: Quarantine["list"] = async (query = {}, options) =>
    call<QuarantinePage>({ path: "/v1/admin/quarantine", query }, readJson, options);
  return {
    list,
    all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)),
    release: async (fileId, version, body, options) =>
      call(
        { method: "POST", path: pathOf`/v1/admin/quarantine/${fileId}/${version}/release`, body },
        readNothing,
        options,
      ),
    remove: async (fileId, version, options) =>
      call(
        { method: "DELETE", path: pathOf`/v1/admin/quarantine/${fileId}/${version}` },
        readNothing,
        options,
      ),
  };
}
