import type { Job, ProcessJob } from "#contract/jobs.ts";
import type { Standing, Verdict, VerdictReport } from "#contract/reports.ts";
import type { Wishes } from "#contract/wishes.ts";
import type { ContentLook, Look } from "./content/content-look.ts";
import type { Derivatives } from "./derive/derivatives.ts";
import type { PageImages } from "./derive/page-images.ts";
import { inspectObject } from "./inspect.ts";
import type { Lanes } from "./lanes.ts";
import type { Metrics } from "./metrics.ts";
import type { ObjectStore } from "./object-store.ts";
import { nameBytes } from "./queue.ts";
import type { Replicator } from "./replicate/copy-jobs.ts";
import type { RepairPrimary } from "./replicate/repair-primary.ts";
import type { Reporter } from "./report.ts";
import type { CrashGuard, OpenScan } from "./scan/crash-guard.ts";
import type { ScannerChoice } from "./scan/scanner-choice.ts";
import type { ScannerVersion, ShareableObject } from "./scan/scanner.ts";
import type { SecondLook } from "./second-look.ts";
import { judgeType } from "./types.ts";

/**
 * How a job ended. `repaired`: the primary's object was made again. `obsolete`: its object is gone or replaced, or the worker
 * has no use for it any more.
 */
export type JobOutcome = Verdict | "obsolete" | "copied" | "removed" | "repaired";

export interface PipelineParts {
  readonly store: ObjectStore;
  readonly scanners: ScannerChoice;
  readonly guard: CrashGuard;
  readonly scanDeadlineMs: number;
  readonly reporter: Reporter;
  readonly secondLook: SecondLook;
  readonly contentLook: ContentLook;
  readonly derivatives: Derivatives;
  readonly pageImages: PageImages;
  readonly replicator: Replicator;
  readonly repairPrimary: Pick<RepairPrimary, "repair">;
  readonly lanes: Lanes;
  readonly metrics: Metrics;
}

/** Does a job of any kind. Throws a ProcessorFailure when it must be tried again. */
export async function handleJob(job: Job, parts: PipelineParts, signal: AbortSignal): Promise<JobOutcome> {
  switch (job.kind) {
    case "process":
      return processJob(job, parts, signal);
    case "page":
      return parts.pageImages.draw(job, signal);
    case "copy":
      return parts.replicator.copy(job, signal);
    case "remove-copies":
      return parts.replicator.remove(signal);
    case "repair":
      return parts.lanes.replica.run(() => parts.repairPrimary.repair(job, signal), signal, job.tenantId);
  }
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
  const standing = await parts.lanes.scan.run(
    async () => {
      const start = { kind: "start", tenantId, fileId, version, etag, sizeBytes } as const;
      const before = await parts.reporter.ask(start, signal);
      const mustScan = before?.state === "quarantined" || before?.mustScan === true;
      return mustScan ? inspect(job, before.wishes, parts, signal) : before;
    },
    signal,
    tenantId,
  );
  if (standing === undefined || standing.state === "quarantined") return "obsolete";
  if (standing.state === "clean") await parts.derivatives.derive(job, standing, signal);
  return standing.state;
}

/** The pass over the bytes, and how the version stands by its verdict; undefined when it is gone or has other bytes. */
async function inspect(
  job: ProcessJob,
  wishes: Wishes,
  parts: PipelineParts,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const scanner = parts.scanners.find(wishes.virusScanProvider);
  // Asked before the scan: signatures that are renewed meanwhile must not make a verdict look newer than it is.
  const version = await parts.scanners.versionOf(scanner);
  const name = nameBytes(job);
  const shareable = wishes.virusTotalUploads ? shareableOf(job, parts.store) : undefined;
  const open: OpenScan = (sizeBytes, deadline) => scanner.open(sizeBytes, deadline, shareable);
  const pass = (guarded: OpenScan) => passOver(job, wishes, parts, guarded, signal);
  const look = await parts.guard.run(name, open, pass, signal);
  if (look === undefined) return undefined;
  const standing = await parts.reporter.ask(createVerdictReport(job, look, version), signal);
  parts.guard.forget(name);
  parts.metrics.verdicts.inc({ verdict: look.inspection.verdict });
  return standing;
}

function shareableOf({ objectKey, etag }: ProcessJob, store: ObjectStore): ShareableObject {
  return { read: async (signal) => (await store.findObject(objectKey, etag, signal))?.body };
}

/** Undefined when the object is gone or has other bytes. */
async function passOver(
  job: ProcessJob,
  { activeContent }: Wishes,
  { store, metrics, secondLook, contentLook, scanDeadlineMs }: PipelineParts,
  openScan: OpenScan,
  signal: AbortSignal,
): Promise<Look | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(scanDeadlineMs)]);
  const excess = await secondLook.findExcess(job, deadline);
  const object = await store.findObject(job.objectKey, job.etag, deadline);
  if (object === undefined) return undefined;
  const endTimer = metrics.scanSeconds.startTimer();
  const expectations = { declaredType: job.declaredType, digests: job.expectedDigests, excess };
  const seen = await inspectObject(object, openScan, deadline, expectations);
  const inspection = await secondLook.confirm(job, judgeType(job, seen), deadline);
  const look = inspection && (await contentLook.look(job, inspection, activeContent !== "allow", deadline));
  endTimer();
  metrics.scannedBytes.inc(seen.sizeBytes);
  return look;
}

function createVerdictReport(
  job: ProcessJob,
  { inspection, active }: Look,
  version: ScannerVersion,
): VerdictReport {
  const { tenantId, fileId, version: fileVersion, etag } = job;
  const { sizeBytes, sha256, sniffedType, verdict, signatureName } = inspection;
  return {
    ...{ kind: "verdict", tenantId, fileId, version: fileVersion, etag },
    ...{ sizeBytes, sha256, sniffedType, verdict, signatureName },
    ...(active === undefined ? {} : { active }),
    ...version,
    scannedAtMs: Date.now(),
  };
}
