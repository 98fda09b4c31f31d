import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Job } from "#contract/jobs.ts";
import { createLanes, LANE_LIMITS } from "../../processor/lanes.ts";
import { createLog } from "../../processor/log.ts";
import { createMetrics } from "../../processor/metrics.ts";
import { ObjectStore, type ObjectStoreOptions } from "../../processor/object-store.ts";
import { Replicator } from "../../processor/replicate/copy-jobs.ts";
import { PrimaryWriter } from "../../processor/replicate/primary-writer.ts";
import { RepairPrimary } from "../../processor/replicate/repair-primary.ts";
import { createReplicaTargets } from "../../processor/replicate/replica-config.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";
import { Reporter } from "../../processor/report.ts";
import { takeJobs } from "./queued-jobs.ts";
import { beat } from "./replicas.ts";
import type { WorkerAlone } from "./worker-alone.ts";

type IsEnough = () => boolean | Promise<boolean>;

/** A processor's part of copies, beside a worker alone: jobs of copies, removals and repairs out of its queue. */
export interface CopyingProcessor {
  /** Of the targets, as `npm run replicas` reads it. */
  readonly env: Settings;
  readonly targets: readonly ReplicaTarget[];
  /** Has cron send what is due and does it, again and again until it `isEnough`. */
  workUntil(isEnough: IsEnough): Promise<void>;
  stop(): Promise<void>;
}

type HandleJob = (job: Job, signal: AbortSignal) => Promise<void>;
type Settings = Readonly<Record<string, string>>;

const JOB_WITHIN_MS = 60_000;

/** One with two directories as targets, which go with it. */
export async function startDirectoryProcessor(worker: WorkerAlone): Promise<CopyingProcessor> {
  const root = await mkdtemp(join(tmpdir(), "causeway-copying-"));
  const [near, far] = [join(root, "near"), join(root, "far")];
  for (const path of [near, far]) await mkdir(path);
  const processor = await startCopyingProcessor(worker, {
    ...{ REPLICAS: "near,far", REPLICA_NEAR_KIND: "directory", REPLICA_FAR_KIND: "directory" },
    ...{ REPLICA_NEAR_PATH: near, REPLICA_FAR_PATH: far },
  });
  return {
    ...processor,
    async stop() {
      await processor.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export async function startCopyingProcessor(worker: WorkerAlone, env: Settings): Promise<CopyingProcessor> {
  const created = await createReplicaTargets(env);
  if (!created.ok) throw new Error(created.problems.join("\n"));
  const { targets } = created;
  const names = targets.map(({ name }) => name);
  const bucket = bucketOf(worker);
  const [store, writer] = [new ObjectStore(bucket), new PrimaryWriter(bucket)];
  const reporter = new Reporter({ workerUrl: worker.url, secret: worker.reportSecret });
  const replicator = new Replicator({
    ...{ targets, store, reporter, lane: createLanes(LANE_LIMITS).replica, deadlineMs: JOB_WITHIN_MS },
    ...{ metrics: createMetrics(), log: createLog("silent") },
  });
  const repairing = new RepairPrimary({ store, writer, targets, reporter });
  const handle: HandleJob = async (job, signal) => {
    if (job.kind === "copy") await replicator.copy(job, signal);
    if (job.kind === "remove-copies") await replicator.remove(signal);
    if (job.kind === "repair") await repairing.repair(job, signal);
  };
  const stopping = new AbortController();
  let working = Promise.resolve();
  const work = async (isEnough: IsEnough): Promise<void> => {
    const isOver: IsEnough = async () => stopping.signal.aborted || (await isEnough());
    while (!(await isOver())) {
      await beat(worker, names);
      await worker.runScheduled();
      await doAll(worker, handle, isOver);
    }
  };
  return {
    ...{ env, targets },
    workUntil(isEnough) {
      working = work(isEnough);
      return working;
    },
    async stop() {
      stopping.abort();
      await working;
      store.close();
      writer.close();
      for (const target of targets) target.close();
    },
  };
}

function bucketOf({ s3 }: WorkerAlone): ObjectStoreOptions {
  const of = (name: string): string => s3[name] ?? "";
  return {
    ...{ endpoint: of("S3_ENDPOINT"), bucket: of("S3_BUCKET"), region: "auto", forcePathStyle: true },
    ...{ accessKeyId: of("S3_ACCESS_KEY_ID"), secretAccessKey: of("S3_SECRET_ACCESS_KEY") },
  };
}

/** What the queue has. What is left there when it is enough is there the next time. */
async function doAll(worker: WorkerAlone, handle: HandleJob, isEnough: IsEnough): Promise<void> {
  while (!(await isEnough())) {
    const jobs = (await takeJobs(worker.queues)).map((job) => Job.parse(job));
    if (jobs.length === 0) return;
    const signal = AbortSignal.timeout(JOB_WITHIN_MS);
    await Promise.all(jobs.map((job) => handle(job, signal)));
  }
}
