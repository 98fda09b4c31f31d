import type { Replica } from "#contract/replicas.ts";
import type { ReplicaFacts } from "../db/files.ts";

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** A copy as callers see it. */
export function formatReplica(row: ReplicaFacts): Replica {
  const { target, state, tries, detail } = row;
  const isStored = state === "stored";
  return {
    ...{ target, state, tries, error: detail },
    since: timeOf(row.sinceMs),
    storedAt: isStored ? timeOf(row.changedAtMs) : null,
    nextTryAt: isStored ? null : timeOf(row.retryAtMs),
  };
}
