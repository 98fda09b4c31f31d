import { versionOfKey } from "#contract/keys.ts";
import type { CopyFault } from "#contract/replicas.ts";
import { describeError } from "../failure.ts";
import type { Log } from "../log.ts";
import type { Reporter } from "../report.ts";
import { type CopyToRead, nameOf } from "./proofs.ts";

/** With all of a report's attempts. */
const DEADLINE_MS = 60_000;

/** Tells the worker what is wrong with a copy. Never throws. */
export type TellFault = (copy: CopyToRead, fault: CopyFault) => void;

/**
 * What tells the worker of copies that readers have found to be wrong, or not to be there: one that many find at a time
 * once. What can't be told is told by the next who reads it.
 */
export function faultTeller(reporter: Pick<Reporter, "send">, log: Log): TellFault {
  const telling = new Set<string>();
  return (copy, fault) => {
    const { target, key: objectKey, sha256 } = copy;
    const ref = versionOfKey(objectKey);
    log.error({ event: `copy-${fault}`, target, ...ref });
    const name = nameOf(copy);
    if (ref === undefined || telling.has(name)) return;
    telling.add(name);
    const report = { kind: "copy-mismatch", ...ref, target, objectKey, sha256, fault } as const;
    reporter
      .send(report, AbortSignal.timeout(DEADLINE_MS))
      .catch((error: unknown) => log.error({ event: "mismatch-not-told", reason: describeError(error) }))
      .finally(() => telling.delete(name));
  };
}
