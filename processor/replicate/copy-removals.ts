import { randomUUID } from "node:crypto";
import { versionPrefix } from "#contract/keys.ts";
import type { CopyRef, RemovalsReport, RemovalTask } from "#contract/replicas.ts";
import { describeError } from "../failure.ts";
import type { ReplicatorParts } from "./copy-jobs.ts";
import { explainFault } from "./copy-object.ts";
import { ReplicaFault } from "./replica-fault.ts";
import type { ReplicaTarget } from "./target.ts";

type Removal = RemovalTask["removals"][number];
type Failed = RemovalsReport["failed"][number];

/** A version has a few objects. */
const MAX_PAGES = 5;
/** Of a hundred removals each; what is left then is for the next job. */
const MAX_ROUNDS = 100;

/** Removes at targets what the worker says is dead: all objects of a version, and what tries at copying it have left. */
export class CopyRemovals {
  readonly #parts: Pick<ReplicatorParts, "targets" | "reporter" | "metrics" | "log">;

  constructor(parts: Pick<ReplicatorParts, "targets" | "reporter" | "metrics" | "log">) {
    this.#parts = parts;
  }

  /** Throws WORKER_UNAVAILABLE. A target's faults are reported. */
  async run(signal: AbortSignal): Promise<"removed"> {
    const targets = this.#parts.targets.map(({ name }) => name);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const leaseId = randomUUID();
      const task = await this.#parts.reporter.startRemovals(
        { kind: "removals-start", leaseId, targets },
        signal,
      );
      if (task.removals.length === 0) break;
      const done = await this.#removeAll(task.removals, signal);
      await this.#parts.reporter.send({ kind: "removals", leaseId, ...done }, signal);
    }
    return "removed";
  }

  /** Targets at the same time, and what is at each in its turn. */
  async #removeAll(
    removals: readonly Removal[],
    signal: AbortSignal,
  ): Promise<Pick<RemovalsReport, "removed" | "failed">> {
    const done = await Promise.all(
      this.#parts.targets.map((target) => {
        const ofTarget = removals.filter((removal) => removal.target === target.name);
        return this.#removeAt(target, ofTarget, signal);
      }),
    );
    const outcomes = done.flat();
    return {
      removed: outcomes.flatMap((outcome) => ("code" in outcome ? [] : [outcome])),
      failed: outcomes.flatMap((outcome) => ("code" in outcome ? [outcome] : [])),
    };
  }

  /** After the first that comes to grief the others aren't tried: whatever it is, it would be the same for each, at its deadline. */
  async #removeAt(
    target: ReplicaTarget,
    removals: readonly Removal[],
    signal: AbortSignal,
  ): Promise<readonly (CopyRef | Failed)[]> {
    const done: (CopyRef | Failed)[] = [];
    let fault: unknown;
    for (const { objectKey, ...ref } of removals) {
      if (fault === undefined) fault = await removeCopy(target, ref, objectKey, signal);
      this.#note(ref, fault);
      done.push(fault === undefined ? ref : { ...ref, ...faultOf(fault) });
    }
    return done;
  }

  #note({ target, tenantId, fileId, version }: CopyRef, fault: unknown): void {
    const { metrics, log } = this.#parts;
    metrics.copyRemovals.inc({ target, outcome: fault === undefined ? "removed" : faultOf(fault).code });
    if (fault === undefined) return;
    const reason = describeError(fault);
    log.warn({ event: "copy-not-removed", target, tenantId, fileId, version, reason });
  }
}

function faultOf(fault: unknown): Pick<Failed, "code" | "detail"> {
  const { code, detail } = explainFault(fault);
  return { code, detail };
}

/** By what there is, and by the key that was sent under: what a try has left is in no list. Returns what came in the way. */
async function removeCopy(
  target: ReplicaTarget,
  ref: CopyRef,
  objectKey: string,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    await target.remove([objectKey], signal);
    for (let page = 0; page < MAX_PAGES; page += 1) {
      // Always from the beginning: what was found is gone by the next time.
      const { objects } = await target.list(versionPrefix(ref), undefined, signal);
      if (objects.length === 0) return undefined;
      const keys = objects.map(({ key }) => key);
      if (!keys.every((key) => key.startsWith(versionPrefix(ref)))) {
        return new ReplicaFault("unavailable", {
          detail: "what was listed has other keys than were asked for",
        });
      }
      await target.remove(keys, signal);
    }
    return new ReplicaFault("unavailable", { detail: "what was removed is listed still" });
  } catch (error) {
    return error;
  }
}
