import type { ProcessJob } from "#contract/jobs.ts";
import type { Verdict, VerdictReport } from "#contract/reports.ts";
import type { ImageDeriver } from "./derive/images.ts";
import { type Inspection, inspectObject } from "./inspect.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Reporter } from "./report.ts";
import { fetchClamdVersion, type ScannerVersion } from "./scan/clamd.ts";
import type { ClamdAddress } from "./scan/instream.ts";

/** How a job ended. `obsolete`: its object is gone or replaced, or the worker has no use for it any more. */
export type JobOutcome = Verdict | "obsolete";

export interface PipelineParts {
  readonly store: ObjectStore;
  readonly scanner: ClamdAddress;
  readonly scanDeadlineMs: number;
  readonly reporter: Reporter;
  readonly images: ImageDeriver;
  readonly metrics: Metrics;
}

/**
 * The order of things: read once through scanner, hash and sniffer; report the verdict, which makes a clean version
 * available; only then derive, only from what is clean. Each step may be done again without harm.
 * Throws a ProcessorFailure when the job must be tried again.
 */
export async function processJob(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(parts.scanDeadlineMs)]);
  // Asked before the scan: signatures that are renewed meanwhile must not make a verdict look newer than it is.
  const version = await fetchClamdVersion(parts.scanner);
  const object = await parts.store.findObject(job.objectKey, job.etag, deadline);
  if (object === undefined) return "obsolete";

  const endTimer = parts.metrics.scanSeconds.startTimer();
  const inspection = await inspectObject(object, parts.scanner, deadline);
  endTimer();
  parts.metrics.scannedBytes.inc(inspection.sizeBytes);

  const outcome = await parts.reporter.send(createVerdictReport(job, inspection, version), signal);
  if (outcome === "obsolete") return "obsolete";
  if (inspection.verdict !== "clean") return inspection.verdict;

  await parts.images.derive(job, inspection.sniffedType, signal);
  return "clean";
}

function createVerdictReport(
  job: ProcessJob,
  inspection: Inspection,
  version: ScannerVersion,
): VerdictReport {
  const { tenantId, fileId, version: fileVersion, etag } = job;
  const { sizeBytes, sha256, sniffedType, verdict, signatureName } = inspection;
  return {
    ...{ kind: "verdict", tenantId, fileId, version: fileVersion, etag },
    ...{ sizeBytes, sha256, sniffedType, verdict, signatureName },
    ...version,
    scannedAtMs: Date.now(),
  };
}
