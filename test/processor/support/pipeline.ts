import { afterEach, beforeEach } from "vitest";
import type { ProcessJob } from "#contract/jobs.ts";
import type { DerivativeReport } from "#contract/reports.ts";
import { BegunWork } from "../../../processor/begun-work.ts";
import { ContentLook } from "../../../processor/content/content-look.ts";
import { DeathGuard } from "../../../processor/death-guard.ts";
import { Derivatives } from "../../../processor/derive/derivatives.ts";
import { ImageDeriver } from "../../../processor/derive/images.ts";
import { PageImages } from "../../../processor/derive/page-images.ts";
import { Publisher } from "../../../processor/derive/publisher.ts";
import { ALL_TOOLS_MISSING } from "../../../processor/derive/tools.ts";
import { createLanes, LANE_LIMITS } from "../../../processor/lanes.ts";
import { createLog } from "../../../processor/log.ts";
import { createMetrics } from "../../../processor/metrics.ts";
import { ObjectStore, type ObjectStoreOptions } from "../../../processor/object-store.ts";
import { type PipelineParts, processJob } from "../../../processor/pipeline.ts";
import { Replicator } from "../../../processor/replicate/copy-jobs.ts";
import { PrimaryWriter } from "../../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../../processor/replicate/repair-primary.ts";
import { Reporter } from "../../../processor/report.ts";
import { Sandbox, type SandboxLimits } from "../../../processor/sandbox/sandbox.ts";
import { ClamdScanner } from "../../../processor/scan/clamd-scanner.ts";
import { CrashGuard } from "../../../processor/scan/crash-guard.ts";
import { ScannerChoice } from "../../../processor/scan/scanner-choice.ts";
import { SecondLook } from "../../../processor/second-look.ts";
import { type RunningClamd, startClamd } from "../../support/clamd.ts";
import { useStarted } from "../../support/started.ts";
import { startBucket, type TestBucket } from "./bucket.ts";
import { storeUpload } from "./jobs.ts";
import { useScratchRoot } from "./scratch-root.ts";
import { REPORT_SECRET, startWorkerDouble, type WorkerDouble } from "./worker-double.ts";

/** Of a job that nobody stops. */
export const never = new AbortController().signal;

/** What a job goes through, of real parts that can make derivatives of images only. */
export interface Pipeline {
  readonly bucket: TestBucket;
  /** Of this test alone. */
  readonly worker: WorkerDouble;
  /** Of this test alone. */
  readonly parts: PipelineParts;
  /** Puts other parts in the place of this test's. */
  reassemble(options: ObjectStoreOptions, limits?: SandboxLimits): void;
  processUpload(bytes: Uint8Array): Promise<{ job: ProcessJob; outcome: string }>;
  /** The same of an upload that was declared to be of a type. */
  processAs(bytes: Uint8Array, declaredType: string): Promise<string>;
  derivativeReports(): DerivativeReport[];
}

/** One for all tests of a file; worker and parts are new for each of them, which may leave nothing in the scratch directory. */
export function usePipeline(): Pipeline {
  const services = useStarted(startServices);
  let worker: WorkerDouble;
  let parts: PipelineParts;
  useScratchRoot();

  beforeEach(async () => {
    worker = await startWorkerDouble();
    parts = assemble(services, worker, services.bucket.options);
  });

  afterEach(async () => {
    parts.store.close();
    await worker.stop();
  });

  return {
    get bucket() {
      return services.bucket;
    },
    get worker() {
      return worker;
    },
    get parts() {
      return parts;
    },
    reassemble(options, limits) {
      parts.store.close();
      parts = assemble(services, worker, options, limits);
    },
    async processUpload(bytes) {
      const job = await storeUpload(services.bucket, bytes);
      return { job, outcome: await processJob(job, parts, never) };
    },
    async processAs(bytes, declaredType) {
      return processJob({ ...(await storeUpload(services.bucket, bytes)), declaredType }, parts, never);
    },
    derivativeReports: () => worker.reports.filter((report) => report.kind === "derivative"),
  };
}

interface Services {
  readonly bucket: TestBucket;
  readonly clamd: RunningClamd;
  readonly sandbox: Sandbox;
  stop(): Promise<void>;
}

async function startServices(): Promise<Services> {
  const [bucket, clamd, sandbox] = await Promise.all([startBucket(), startClamd(), Sandbox.create()]);
  const stop = async () => {
    await Promise.all([bucket.stop(), clamd.stop()]);
  };
  return { bucket, clamd, sandbox, stop };
}

function assemble(
  { clamd, sandbox }: Services,
  worker: WorkerDouble,
  options: ObjectStoreOptions,
  limits?: SandboxLimits,
): PipelineParts {
  const store = new ObjectStore(options);
  const reporter = new Reporter({ workerUrl: worker.url, secret: REPORT_SECRET });
  const metrics = createMetrics();
  const log = createLog("silent");
  const lanes = createLanes(LANE_LIMITS);
  const derivers = [new ImageDeriver(sandbox, ALL_TOOLS_MISSING, limits)];
  const publisher = new Publisher({ store, reporter, metrics, log });
  const deaths = new DeathGuard(new BegunWork(undefined));
  const drawing = { store, reporter, lanes, deaths, sandbox, publisher, tools: ALL_TOOLS_MISSING };
  const derivatives = new Derivatives({ ...drawing, derivers });
  const pageImages = new PageImages(drawing);
  const scanner = new ClamdScanner(clamd);
  const guard = new CrashGuard(scanner, metrics);
  const scanners = new ScannerChoice({ clamav: scanner }, scanner);
  const looks = { secondLook: new SecondLook(store, sandbox), contentLook: new ContentLook(store, sandbox) };
  const replicating = { targets: [], store, reporter, metrics, log, lane: lanes.replica };
  return {
    store,
    reporter,
    metrics,
    derivatives,
    pageImages,
    replicator: new Replicator({ ...replicating, deadlineMs: 20_000 }),
    repairPrimary: new RepairPrimary({ store, writer: new PrimaryWriter(options), targets: [], reporter }),
    ...looks,
    lanes,
    deaths,
    scanners,
    guard,
    scanDeadlineMs: 20_000,
  };
}
