import type { Replica, ReplicatedVersion } from "#contract/replicas.ts";
import { hashBody } from "../../processor/replicate/read-back.ts";
import { ReplicaFault } from "../../processor/replicate/replica-fault.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";

/** How long a whole copy may take to be read: an hour, beside the silence that each target allows. */
const READ_DEADLINE_MS = 3_600_000;

export type Seen =
  | { readonly state: "right"; readonly firstByteMs: number }
  | { readonly state: "missing" | "wrong" | "unreadable"; readonly what: string };

/** Reads a copy back, whole, and compares it. */
export async function seeCopy(target: ReplicaTarget, version: ReplicatedVersion): Promise<Seen> {
  const signal = AbortSignal.timeout(READ_DEADLINE_MS);
  const startedAtMs = performance.now();
  try {
    const found = await target.read(version.objectKey, undefined, signal);
    if (found === undefined) return { state: "missing", what: "isn't there" };
    const firstByteMs = performance.now() - startedAtMs;
    const sha256 = await hashBody(found);
    if (sha256 === version.sha256) return { state: "right", firstByteMs };
    const what = found.sizeBytes === version.sizeBytes ? "has other bytes" : `has ${found.sizeBytes} bytes`;
    return { state: "wrong", what };
  } catch (error) {
    if (!(error instanceof ReplicaFault)) throw error;
    return { state: "unreadable", what: error.sentence };
  }
}

/** Where the records say that there is a whole copy; every target where they aren't asked. */
export function storedCopiesOf(
  version: ReplicatedVersion,
  targets: readonly ReplicaTarget[],
  areRecordsAsked: boolean,
): readonly { readonly target: ReplicaTarget; readonly since: string | null }[] {
  if (!areRecordsAsked) return targets.map((target) => ({ target, since: null }));
  return copiesOf(version, targets).flatMap(({ target, copy }) =>
    copy.state === "stored" ? [{ target, since: copy.storedAt }] : [],
  );
}

/** What the records have of copies, whatever they say. */
export function copiesOf(
  version: ReplicatedVersion,
  targets: readonly ReplicaTarget[],
): readonly { readonly target: ReplicaTarget; readonly copy: Replica }[] {
  return targets.flatMap((target) => {
    const copy = version.copies.find((each) => each.target === target.name);
    return copy === undefined ? [] : [{ target, copy }];
  });
}
