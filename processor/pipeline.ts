import type { ProcessJob } from "#contract/jobs.ts";
import type { Standing, Verdict, VerdictReport } from "#contract/reports.ts";
import type { ImageDeriver } from "./derive/images.ts";
import { type Inspection, inspectObject } from "./inspect.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Reporter } from "./report.ts";
import { fetchClamdVersion, type ScannerVersion } from "./scan/clamd.ts";
import type { ClamdAddress } from "./scan/instream.ts";
import { unscannable } from "./scan/verdict.ts";
import { findZipFault } from "./zip-directory.ts";
import type { ReadRange } from "./zip-fields.ts";

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
 * The order of things: ask how the version stands, for a job may come twice; read it once through scanner, hash and
 * sniffer, and a zip's headers again; report the verdict, which makes a clean version available; only then derive, only from what is clean, only
 * what isn't there. Throws a ProcessorFailure when the job must be tried again.
 */
export async function processJob(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { tenantId, fileId, version, etag, sizeBytes } = job;
  const before = await parts.reporter.ask(
    { kind: "start", tenantId, fileId, version, etag, sizeBytes },
    signal,
  );
  if (before === undefined) return "obsolete";
  const mustScan = before.state === "quarantined" || before.mustScan === true;
  const standing = mustScan ? await inspect(job, parts, signal) : before;
  if (standing === undefined || standing.state === "quarantined") return "obsolete";
  if (standing.state === "clean") await parts.images.derive(job, standing, signal);
  return standing.state;
}

/** The pass over the bytes, and how the version stands by its verdict; undefined when it is gone or has other bytes. */
async function inspect(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(parts.scanDeadlineMs)]);
  // Asked before the scan: signatures that are renewed meanwhile must not make a verdict look newer than it is.
  const version = await fetchClamdVersion(parts.scanner);
  const object = await parts.store.findObject(job.objectKey, job.etag, deadline);
  if (object === undefined) return undefined;

  const endTimer = parts.metrics.scanSeconds.startTimer();
  const inspection = await requireWholeZip(
    job,
    await inspectObject(object, parts.scanner, deadline, job.expectedDigests),
    (offset, length) => parts.store.readRange(job, { offset, length }, deadline),
  );
  endTimer();
  parts.metrics.scannedBytes.inc(inspection.sizeBytes);
  return parts.reporter.ask(createVerdictReport(job, inspection, version), signal);
}

/** Types of what is a zip, whatever it begins with: others look for its directory at its end. */
const ZIP_TYPE =
  /^application\/(?:zip|x-zip-compressed|vnd\.(?:openxmlformats-officedocument|oasis)\..*|.*\+zip)$/;
/** A document under a password is no zip, whatever its type says ([MS-OFFCRYPTO] 1.3.3). */
const NO_ZIP = "application/x-cfb";

/** What is clean stays so only if it is no zip, or one of which all can be read. */
async function requireWholeZip(
  { declaredType }: ProcessJob,
  inspection: Inspection,
  read: ReadRange,
): Promise<Inspection> {
  const { verdict, sizeBytes, sniffedType, isZip } = inspection;
  const isNamedZip = ZIP_TYPE.test(declaredType) && sniffedType !== NO_ZIP;
  if (verdict !== "clean" || sizeBytes === 0 || !(isZip || isNamedZip)) return inspection;
  const fault = await findZipFault(sizeBytes, read);
  return fault === undefined ? inspection : { ...inspection, ...unscannable(fault) };
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
