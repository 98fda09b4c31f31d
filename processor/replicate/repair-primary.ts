import { createHash } from "node:crypto";
import type { RepairJob } from "#contract/repairs.ts";
import { ProcessorFailure } from "../failure.ts";
import type { ObjectStore, StoredObject } from "../object-store.ts";
import type { JobOutcome } from "../pipeline.ts";
import type { Reporter } from "../report.ts";
import type { PrimaryWriter } from "./primary-writer.ts";
import type { ReadableTarget } from "./read-gateway.ts";

export interface RepairParts {
  readonly store: Pick<ObjectStore, "findObject">;
  readonly writer: Pick<PrimaryWriter, "write">;
  readonly targets: readonly ReadableTarget[];
  readonly reporter: Pick<Reporter, "ask" | "send">;
}

/** Of one job: a lease is longer (config.ts). What isn't done by then begins again. */
const DEADLINE_MS = 10 * 60_000;

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
    const { tenantId, fileId, version, etag, sizeBytes, objectKey, sha256, target } = job;
    const ref = { tenantId, fileId, version, etag, sizeBytes };
    const standing = await this.#parts.reporter.ask({ kind: "start", ...ref }, signal);
    if (standing?.state !== "clean" || (await this.#isWhole(job, signal))) return "obsolete";
    const newEtag = await this.#write(job, signal);
    const report = { kind: "repair", ...ref, objectKey, sha256, target, newEtag } as const;
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

  async #write(job: RepairJob, signal: AbortSignal): Promise<string> {
    const { objectKey: key, sizeBytes, sha256, contentType } = job;
    const target = this.#parts.targets.find(({ name }) => name === job.target);
    const copy = await target?.read(key, undefined, signal).catch((cause: unknown) => {
      throw new ProcessorFailure("COPY_UNREADABLE", { cause });
    });
    if (copy === undefined) throw new ProcessorFailure("COPY_UNREADABLE");
    try {
      if (copy.sizeBytes !== sizeBytes) throw new ProcessorFailure("COPY_MISMATCH");
      return await this.#parts.writer.write({ key, sizeBytes, sha256, contentType }, copy.body, signal);
    } finally {
      await copy.body.cancel().catch(() => undefined);
    }
  }
}

async function hasBytes({ body }: StoredObject, { sha256 }: RepairJob): Promise<boolean> {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk);
  return hash.digest("hex") === sha256;
}
