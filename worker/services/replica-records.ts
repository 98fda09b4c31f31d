import type { Replica } from "#contract/replicas.ts";
import { formatTime } from "#contract/times.ts";
import type { ReplicaFacts } from "../db/files.ts";

/** A copy as callers see it. */
export function formatReplica(row: ReplicaFacts): Replica {
  const { target, state, tries, detail } = row;
  const isStored = state === "stored";
  return {
    ...{ target, state, tries, error: detail },
    since: formatTime(row.sinceMs),
    storedAt: isStored ? formatTime(row.changedAtMs) : null,
    nextTryAt: isStored ? null : formatTime(row.retryAtMs),
  };
}
