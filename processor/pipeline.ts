import type { ProcessJob } from "#contract/jobs.ts";
import type { Standing, Verdict, VerdictReport } from "#contract/reports.ts";
import type { Derivatives } from "./derive/derivatives.ts";
import { type Inspection, inspectObject } from "./inspect.ts";
import type { Lanes } from "./lanes.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import { nameBytes } from "./queue.ts";
import type { Reporter } from "./report.ts";
import type { CrashGuard, OpenScan } from "./scan/crash-guard.ts";
import type { Scanner, ScannerVersion, ShareableObject } from "./scan/scanner.ts";
import type { SecondLook } from "./second-look.ts";
import { judgeType } from "./types.ts";

/** How a job ended. `obsolete`: its object is gone or replaced, or the worker has no use for it any more. */
export type JobOutcome = Verdict | "obsolete";

export interface PipelineParts {
  readonly store: ObjectStore;
  readonly scanner: Pick<Scanner, "version">;
  readonly guard: CrashGuard;
  readonly scanDeadlineMs: number;
  readonly reporter: Reporter;
  readonly secondLook: SecondLook;
  readonly derivatives: Derivatives;
  readonly lanes: Lanes;
  readonly metrics: Metrics;
}

/**
 * The order of things: ask how the version stands, for a job may come twice; read it once through scanner, hash and
 * sniffer, and look a second time at what the scanner calls clean; report the verdict, which makes a clean version
 * available; only then derive, only from what is clean, only what isn't there. Throws a ProcessorFailure when the job must be tried again.
 */
export async function processJob(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { tenantId, fileId, version, etag, sizeBytes } = job;
  const standing = await parts.lanes.scan.run(async () => {
    const start = { kind: "start", tenantId, fileId, version, etag, sizeBytes } as const;
    const before = await parts.reporter.ask(start, signal);
    const mustScan = before?.state === "quarantined" || before?.mustScan === true;
    return mustScan ? inspect(job, parts, signal) : before;
  }, signal);
  if (standing === undefined || standing.state === "quarantined") return "obsolete";
  if (standing.state === "clean") await parts.derivatives.derive(job, standing, signal);
  return standing.state;
}

/** The pass over the bytes, and how the version stands by its verdict; undefined when it is gone or has other bytes. */
async function inspect(
  job: ProcessJob,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  // Asked before the scan: signatures that are renewed meanwhile must not make a verdict look newer than it is.
  const version = await parts.scanner.version();
  const name = nameBytes(job);
  const shareable = job.mayBeShared === true ? shareableOf(job, parts.store) : undefined;
  const pass = (open: OpenScan) => passOver(job, parts, open, signal);
  const inspection = await parts.guard.run(name, pass, signal, shareable);
  if (inspection === undefined) return undefined;
  const standing = await parts.reporter.ask(createVerdictReport(job, inspection, version), signal);
  parts.guard.forget(name);
  parts.metrics.verdicts.inc({ verdict: inspection.verdict });
  return standing;
}

function shareableOf({ objectKey, etag }: ProcessJob, store: ObjectStore): ShareableObject {
  return { read: async (signal) => (await store.findObject(objectKey, etag, signal))?.body };
}

/** Undefined when the object is gone or has other bytes. */
async function passOver(
  job: ProcessJob,
  { store, metrics, secondLook, scanDeadlineMs }: PipelineParts,
  openScan: OpenScan,
  signal: AbortSignal,
): Promise<Inspection | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(scanDeadlineMs)]);
  const excess = await secondLook.findExcess(job, deadline);
  const object = await store.findObject(job.objectKey, job.etag, deadline);
  if (object === undefined) return undefined;
  const endTimer = metrics.scanSeconds.startTimer();
  const expectations = { digests: job.expectedDigests, excess };
  const seen = await inspectObject(object, openScan, deadline, expectations);
  const inspection = await secondLook.confirm(job, judgeType(job, seen), deadline);
  endTimer();
  metrics.scannedBytes.inc(seen.sizeBytes);
  return inspection;
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
