import { createHash } from "node:crypto";
import type { RepairJob } from "#contract/repairs.ts";
import { ProcessorFailure } from "../failure.ts";
import type { ObjectStore, StoredObject } from "../object-store.ts";
import type { JobOutcome } from "../pipeline.ts";
import type { Reporter } from "../report.ts";
import type { ReadableTarget } from "./checked-reads.ts";
import type { PrimaryWriter } from "./primary-writer.ts";
import { ReplicaFault } from "./replica-fault.ts";

export interface RepairParts {
  readonly store: Pick<ObjectStore, "findObject">;
  readonly writer: Pick<PrimaryWriter, "write">;
  readonly targets: readonly ReadableTarget[];
  readonly reporter: Pick<Reporter, "ask" | "send">;
}

/** Of one job: a lease is longer (config.ts). What isn't done by then begins again. */
const DEADLINE_MS = 10 * 60_000;

/** What was written, of whose copy. */
interface Written {
  readonly newEtag: string;
  readonly target: string;
}

/** Makes primary objects again that have gone, of copies. */
export class RepairPrimary {
  readonly #parts: RepairParts;

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  /**
   * Only of what is clean, only what isn't there, and only of bytes that have the recorded SHA-256. Throws a
   * ProcessorFailure when it must be tried again.
   */
  async repair(job: RepairJob, stop: AbortSignal): Promise<JobOutcome> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE_MS)]);
    const { tenantId, fileId, version, etag, sizeBytes, objectKey, sha256 } = job;
    const ref = { tenantId, fileId, version, etag, sizeBytes };
    const standing = await this.#parts.reporter.ask({ kind: "start", ...ref }, signal);
    if (standing?.state !== "clean" || (await this.#isWhole(job, signal))) return "obsolete";
    const written = await this.#writeOfAny(job, signal);
    const report = { kind: "repair", ...ref, objectKey, sha256, ...written } as const;
    const outcome = await this.#parts.reporter.send(report, signal);
    return outcome === "accepted" ? "repaired" : "obsolete";
  }

  async #isWhole(job: RepairJob, signal: AbortSignal): Promise<boolean> {
    const looked = new AbortController();
    const either = AbortSignal.any([signal, looked.signal]);
    const found = await this.#parts.store.findObject(job.objectKey, job.etag, either);
    const isWhole = found !== undefined && (job.comparesBytes !== true || (await hasBytes(found, job)));
    // Where its bytes aren't wanted.
    looked.abort();
    return isWhole;
  }

  /**
   * Of the copy that the job names, or else of whichever target has one: what decides is its SHA-256. Throws what was in the
   * way at the last of those that have one.
   */
  async #writeOfAny(job: RepairJob, signal: AbortSignal): Promise<Written> {
    let failure = new ProcessorFailure("COPY_UNREADABLE");
    for (const target of this.#parts.targets.toSorted(firstNamed(job.target))) {
      try {
        const newEtag = await this.#write(target, job, signal);
        if (newEtag !== undefined) return { newEtag, target: target.name };
      } catch (error) {
        failure = await this.#excuse(target, job, error, signal);
      }
    }
    throw failure;
  }

  /** Gives back what is the copy's fault, and has one made again that is wrong. Throws what is none of it. */
  async #excuse(
    { name: target }: ReadableTarget,
    job: RepairJob,
    error: unknown,
    signal: AbortSignal,
  ): Promise<ProcessorFailure> {
    signal.throwIfAborted();
    if (error instanceof ReplicaFault) return new ProcessorFailure("COPY_UNREADABLE", { cause: error });
    if (!(error instanceof ProcessorFailure)) throw error;
    if (error.code === "COPY_MISMATCH") {
      const { tenantId, fileId, version, objectKey, sha256 } = job;
      const ref = { tenantId, fileId, version };
      const fault = "mismatch";
      await this.#parts.reporter.send(
        { kind: "copy-mismatch", ...ref, target, objectKey, sha256, fault },
        signal,
      );
    }
    if (error.code !== "COPY_MISMATCH" && error.code !== "COPY_UNREADABLE") throw error;
    return error;
  }

  /** Undefined where the target has no copy. */
  async #write(target: ReadableTarget, job: RepairJob, signal: AbortSignal): Promise<string | undefined> {
    const { objectKey: key, sizeBytes, sha256, contentType } = job;
    const copy = await target.read(key, undefined, signal).catch((cause: unknown) => {
      throw new ProcessorFailure("COPY_UNREADABLE", { cause });
    });
    if (copy === undefined) return undefined;
    try {
      if (copy.sizeBytes !== sizeBytes) throw new ProcessorFailure("COPY_MISMATCH");
      return await this.#parts.writer.write({ key, sizeBytes, sha256, contentType }, copy.body, signal);
    } finally {
      await copy.body.cancel().catch(() => undefined);
    }
  }
}

function firstNamed(name: string): (a: ReadableTarget, b: ReadableTarget) => number {
  return (a, b) => Number(b.name === name) - Number(a.name === name);
}

async function hasBytes({ body }: StoredObject, { sha256 }: RepairJob): Promise<boolean> {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk);
  return hash.digest("hex") === sha256;
}
