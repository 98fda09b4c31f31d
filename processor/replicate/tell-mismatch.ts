import { versionOfKey } from "#contract/keys.ts";
import { describeError } from "../failure.ts";
import type { Log } from "../log.ts";
import type { Reporter } from "../report.ts";
import { type CopyToRead, nameOf } from "./proofs.ts";

/** With all of a report's attempts. */
const DEADLINE_MS = 60_000;

/**
 * What tells the worker of copies that readers have found to be wrong: one that many find at a time once. What can't be
 * told is told by the next who reads it. Never throws.
 */
export function mismatchTeller(reporter: Pick<Reporter, "send">, log: Log): (copy: CopyToRead) => void {
  const telling = new Set<string>();
  return (copy) => {
    const { target, key: objectKey, sha256 } = copy;
    const ref = versionOfKey(objectKey);
    log.error({ event: "copy-mismatch", target, ...ref });
    const name = nameOf(copy);
    if (ref === undefined || telling.has(name)) return;
    telling.add(name);
    const report = { kind: "copy-mismatch", ...ref, target, objectKey, sha256 } as const;
    reporter
      .send(report, AbortSignal.timeout(DEADLINE_MS))
      .catch((error: unknown) => log.error({ event: "mismatch-not-told", reason: describeError(error) }))
      .finally(() => telling.delete(name));
  };
}
