import type { FailedJob, FailedJobPage, RetriedJobs } from "#contract/failed-jobs.ts";
import type { VersionListInput } from "#contract/inputs.ts";
import { type ApiCall, type CallOptions, readJson, readNothing } from "../../http.ts";
import { itemsOf } from "../pages.ts";
import { pathOf } from "../paths.ts";

const PATH = "/v1/admin/failed-jobs";

/** Jobs that were tried as often as jobs are. */
export interface FailedJobs {
  list(query?: VersionListInput, options?: CallOptions): Promise<FailedJobPage>;
  /** All that `list` has, page after page. */
  all(query?: VersionListInput, options?: CallOptions): AsyncGenerator<FailedJob, void, undefined>;
  retry(fileId: string, version: number, options?: CallOptions): Promise<void>;
  /** Up to 500 of them; `left` tells how many are still there. */
  retryAll(options?: CallOptions): Promise<RetriedJobs>;
}

export function createFailedJobs(call: ApiCall): FailedJobs {
  const list: FailedJobs["list"] = async (query = {}, options) =>
    call<FailedJobPage>({ path: PATH, query }, readJson, options);
  return {
    list,
    all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)),
    retry: async (fileId, version, options) =>
      call(
        { method: "POST", path: pathOf`/v1/admin/failed-jobs/${fileId}/${version}/retry` },
        readNothing,
        options,
      ),
    retryAll: async (options) =>
      call<RetriedJobs>({ method: "POST", path: `${PATH}/retry` }, readJson, options),
  };
}
