import type { BackfillInput, CopyRetryInput, RepairInput, ReplicaListInput } from "#contract/inputs.ts";
import type { QueuedRepairs } from "#contract/repairs.ts";
import type { RetriedCopies } from "#contract/replica-retries.ts";
import type {
  BackfillStep,
  OwedRemoval,
  OwedRemovalPage,
  ReplicatedVersion,
  ReplicatedVersionPage,
  ReplicaTargetList,
} from "#contract/replicas.ts";
import { type ApiCall, type CallOptions, readJson } from "../../http.ts";
import { itemsOf } from "../pages.ts";

const PATH = "/v1/admin/replicas";

/** Copies of clean versions at replica targets. */
export interface Replicas {
  list(query?: ReplicaListInput, options?: CallOptions): Promise<ReplicatedVersionPage>;
  /** All that `list` has, page after page. */
  all(query?: ReplicaListInput, options?: CallOptions): AsyncGenerator<ReplicatedVersion, void, undefined>;
  /** How far each target is behind. */
  targets(options?: CallOptions): Promise<ReplicaTargetList>;
  /** Copies of what is gone that are still to be removed. */
  removals(query?: ReplicaListInput, options?: CallOptions): Promise<OwedRemovalPage>;
  allRemovals(query?: ReplicaListInput, options?: CallOptions): AsyncGenerator<OwedRemoval, void, undefined>;
  /** One step of having made what is lacking: `nextCursor` is for the next one. */
  backfill(request?: BackfillInput, options?: CallOptions): Promise<BackfillStep>;
  /** Has tried again now what came to nothing. */
  retry(request?: CopyRetryInput, options?: CallOptions): Promise<RetriedCopies>;
  /** Has objects of the primary store made again of their copies. */
  repair(request: RepairInput, options?: CallOptions): Promise<QueuedRepairs>;
}

export function createReplicas(call: ApiCall): Replicas {
  const list: Replicas["list"] = async (query = {}, options) =>
    call<ReplicatedVersionPage>({ path: PATH, query }, readJson, options);
  const removals: Replicas["removals"] = async (query = {}, options) =>
    call<OwedRemovalPage>({ path: `${PATH}/removals`, query }, readJson, options);
  const post = (path: string, body: object, isRepeatable: boolean) =>
    ({ method: "POST", path: PATH + path, body, isRepeatable }) as const;
  return {
    list,
    all: (query = {}, options) => itemsOf((at) => list({ ...query, ...at }, options)),
    targets: async (options) => call<ReplicaTargetList>({ path: `${PATH}/targets` }, readJson, options),
    removals,
    allRemovals: (query = {}, options) => itemsOf((at) => removals({ ...query, ...at }, options)),
    backfill: async (body = {}, options) =>
      call<BackfillStep>(post("/backfill", body, true), readJson, options),
    retry: async (body = {}, options) => call<RetriedCopies>(post("/retry", body, false), readJson, options),
    repair: async (body, options) => call<QueuedRepairs>(post("/repair", body, true), readJson, options),
  };
}
