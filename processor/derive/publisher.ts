import type { DerivativeName } from "#contract/derivatives.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { PageImageName } from "#contract/page-images.ts";
import { isPageImage } from "#contract/page-images.ts";
import type { DerivativeReport } from "#contract/reports.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Reporter } from "../report.ts";
import { readProduct } from "../sandbox/scratch.ts";
import type { MadeDerivative, MissingDerivative } from "./deriver.ts";

export interface PublisherParts {
  readonly store: ObjectStore;
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly log: Log;
}

type Name = DerivativeName | PageImageName;

const NOT_MADE = "What was made of it could not be used.";

/** Brings what was made to where it is served from: stored under its key, then reported. */
export class Publisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Throws STORE_UNAVAILABLE and WORKER_UNAVAILABLE. */
  async publish(ref: FileVersionRef, made: MadeDerivative<Name>, signal: AbortSignal): Promise<void> {
    const { tenantId, fileId, version } = ref;
    const { name, form, path, width, height } = made;
    const bytes = await readProduct(path, form.maxBytes);
    if (bytes === undefined) {
      return this.reportMissing(ref, { result: "failed", name, reason: NOT_MADE }, signal);
    }
    const objectKey = derivativeKey(ref, name, form.extension);
    const { mimeType } = form;
    await this.#parts.store.put(objectKey, bytes, mimeType, signal);
    const report: DerivativeReport = {
      ...{ kind: "derivative", tenantId, fileId, version, name, objectKey },
      ...{ mimeType, sizeBytes: bytes.byteLength, width, height },
    };
    await this.#parts.reporter.send(report, signal);
    this.#parts.metrics.derivatives.inc({ name: labelOf(name), outcome: "stored" });
  }

  /** Throws WORKER_UNAVAILABLE. */
  async reportMissing(
    { tenantId, fileId, version }: FileVersionRef,
    { name, result: state, reason }: MissingDerivative<Name>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#parts.metrics.derivatives.inc({ name: labelOf(name), outcome: state });
    this.#parts.log.info({ event: "derivative-missing", tenantId, fileId, version, name, state, reason });
    const report = { kind: "missing-derivative", tenantId, fileId, version, name, state, reason } as const;
    await this.#parts.reporter.send(report, signal);
  }
}

/** Labels have few values. */
function labelOf(name: Name): string {
  return isPageImage(name) ? "page" : name;
}
