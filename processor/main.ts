/**
 * The processor: takes jobs from the queue, checks what was uploaded, makes derivatives, reports. It holds no state, so
 * any number of it may run; it ends with 0 after a drain, 1 when it was cut short, 2 when its configuration is wrong.
 */
import { hostname } from "node:os";
import { objectSettingsOf } from "#contract/object-settings.ts";
import type { ConfiguredTarget } from "#contract/replicas.ts";
import { BegunWork } from "./begun-work.ts";
import {
  type Config,
  parseConfig,
  readConcurrency,
  readCopyDeadlineMs,
  readToolMemoryBytes,
  removeSecrets,
} from "./config.ts";
import { Consumer, type ConsumerParts } from "./consumer.ts";
import { ContentLook } from "./content/content-look.ts";
import { DeathGuard } from "./death-guard.ts";
import { Derivatives } from "./derive/derivatives.ts";
import { EpubDeriver } from "./derive/epub.ts";
import { IMAGE_LIMITS, ImageDeriver } from "./derive/images.ts";
import { SPARE_BYTES, SpareChild } from "./derive/images/spare-child.ts";
import { MediaDeriver } from "./derive/media.ts";
import { OfficeDeriver } from "./derive/office.ts";
import { PageImages } from "./derive/page-images.ts";
import { PdfDeriver } from "./derive/pdf.ts";
import { Publisher } from "./derive/publisher.ts";
import { TextDeriver } from "./derive/text.ts";
import { InstalledTools, type Tools } from "./derive/tools.ts";
import { Heartbeat } from "./heartbeat.ts";
import { createLaneLimits } from "./lane-limits.ts";
import { createLanes } from "./lanes.ts";
import { leaveInOrder, watchLifetime } from "./lifetime.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics, type Metrics, serveMetrics, showLags, watchLanes } from "./metrics.ts";
import { ObjectStore } from "./object-store.ts";
import { handleJob, type PipelineParts } from "./pipeline.ts";
import { PullQueue } from "./queue.ts";
import { Replicator } from "./replicate/copy-jobs.ts";
import { PrimaryWriter } from "./replicate/primary-writer.ts";
import { startReadGateway } from "./replicate/read-gateway.ts";
import { RepairPrimary } from "./replicate/repair-primary.ts";
import { createReplicaTargets, removeReplicaSecrets } from "./replicate/replica-config.ts";
import type { ReplicaTarget } from "./replicate/target.ts";
import { faultTeller } from "./replicate/tell-fault.ts";
import { Reporter } from "./report.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import { CrashGuard } from "./scan/crash-guard.ts";
import { createScanners } from "./scan/create-scanner.ts";
import { ScannerMonitor, type ScannerState } from "./scan/scanner-monitor.ts";
import { sweepScratch } from "./scratch-copy.ts";
import { SecondLook } from "./second-look.ts";

/** @param readTargets the same targets by clients of their own: however many read, copies don't wait for a connection */
async function main(
  config: Config,
  targets: readonly ReplicaTarget[],
  readTargets: readonly ReplicaTarget[],
): Promise<void> {
  const log = createLog(config.LOG_LEVEL);
  const metrics = createMetrics();
  const stop = watchLifetime(log, {
    drainMs: config.DRAIN_SECONDS * 1000,
    parentPid: config.CAUSEWAY_PARENT_PID,
  });
  const begun = openBegunWork(config, log);
  const { sandbox, tools, spare, ...pipeline } = await createPipeline(config, targets, metrics, log, begun);
  process.on("exit", () => sandbox.killAll());

  const scanner = new ScannerMonitor(pipeline.scanners.usual, (state) => {
    noteScanner(state, metrics, log);
    void heartbeat.beat();
  });
  const processorId = `${hostname()}-${process.pid}`.slice(-100);
  const heartbeat = new Heartbeat(
    {
      ...{ processorId, reporter: pipeline.reporter, scanner, tools, log },
      targets: pipeline.replicator.configured.map((target) => ({ ...target, ...placeOf(config) })),
      lagsTold: (lags) => showLags(lags, metrics, Date.now()),
    },
    stop,
  );
  const consumer = createConsumer(config, pipeline, {
    isScannerUp: async () => (await scanner.check()).up,
    queueChanged: (up) => void heartbeat.noteQueue(up),
    backlogTold: (backlog) => heartbeat.noteBacklog(backlog),
    log,
  });

  const address = { host: config.METRICS_HOST, port: config.METRICS_PORT };
  const { rung, isolation, mayRun } = sandbox;
  const isolated = { rung, isolation, mayRun };
  const { server, port } = await serveMetrics(metrics, address, () => ({
    status: "ok",
    scanner: scanner.state,
    tools: isolated,
  }));
  const gateway = await startReadGateway(config, {
    ...{ targets: readTargets, metrics, log },
    tellFault: faultTeller(pipeline.reporter, log),
  });
  log.info({ event: "started", metricsPort: port, concurrency: readConcurrency(config), tools: isolated });
  if (!mayRun) log.error({ event: "tools-not-isolated", reason: "no derivatives are made", ...isolation });
  const [isSettled] = await Promise.all([consumer.run(stop), heartbeat.run()]);
  await spare.end();
  server.close();
  server.closeAllConnections();
  gateway?.closeAllConnections();
  pipeline.store.close();
  for (const target of [...targets, ...readTargets]) target.close();
  log.info({ event: "stopped", isSettled });
  // Not by itself: what didn't end when it was told to would keep the process.
  process.exit(isSettled ? 0 : 1);
}

function openBegunWork({ STATE_DIRECTORY: directory }: Config, log: Log): BegunWork {
  const begun = new BegunWork(directory);
  leaveInOrder(() => begun.leave());
  if (directory === undefined)
    log.warn({ event: "deaths-not-counted", reason: "there is no STATE_DIRECTORY" });
  if (begun.suspects > 0) log.error({ event: "died-at-work", suspects: begun.suspects });
  return begun;
}

async function createPipeline(
  config: Config,
  targets: readonly ReplicaTarget[],
  metrics: Metrics,
  log: Log,
  begun: BegunWork,
): Promise<PipelineParts & { readonly sandbox: Sandbox; readonly tools: Tools; readonly spare: SpareChild }> {
  const { scanners, local } = createScanners(config);
  const bucket = {
    endpoint: config.S3_ENDPOINT,
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
    accessKeyId: config.S3_ACCESS_KEY_ID,
    secretAccessKey: config.S3_SECRET_ACCESS_KEY,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    object: objectSettingsOf(config, config.S3_ENDPOINT),
  };
  const store = new ObjectStore(bucket);
  const writer = new PrimaryWriter(bucket);
  const reporter = new Reporter({
    workerUrl: config.CAUSEWAY_WORKER_URL,
    secret: config.CAUSEWAY_REPORT_SECRET,
  });
  await sweepScratch();
  const sandbox = await Sandbox.create({
    withoutIsolation: config.TOOLS_WITHOUT_ISOLATION,
    noteFailure: (program, reason) => metrics.toolFailures.inc({ program, reason }),
  });
  const lanes = createLanes(
    createLaneLimits(readConcurrency(config)),
    readToolMemoryBytes(config) - SPARE_BYTES,
  );
  watchLanes(lanes, metrics);
  const tools = new InstalledTools({ statusFile: config.CAUSEWAY_TOOL_STATUS });
  const texts = new TextDeriver(sandbox, tools);
  const documents = [
    new PdfDeriver(sandbox, tools),
    new OfficeDeriver(sandbox, texts),
    texts,
    new EpubDeriver(sandbox),
  ];
  const spare = new SpareChild(sandbox, IMAGE_LIMITS);
  const derivers = [
    new ImageDeriver(sandbox, tools, IMAGE_LIMITS, spare),
    ...documents,
    new MediaDeriver(sandbox),
  ];
  const publisher = new Publisher({ store, reporter, metrics, log });
  const deaths = new DeathGuard(begun);
  const drawing = { store, reporter, lanes, deaths, tools, sandbox, publisher };
  return {
    ...{ store, reporter, metrics, sandbox, lanes, deaths, tools, spare },
    secondLook: new SecondLook(store, sandbox),
    contentLook: new ContentLook(store, sandbox),
    derivatives: new Derivatives({ ...drawing, derivers }),
    pageImages: new PageImages(drawing),
    replicator: new Replicator({
      ...{ targets, store, reporter, lane: lanes.replica, metrics, log },
      deadlineMs: readCopyDeadlineMs(config),
    }),
    repairPrimary: new RepairPrimary({ store, writer, targets, reporter }),
    ...{ scanners, guard: new CrashGuard(local, metrics) },
    scanDeadlineMs: config.SCAN_DEADLINE_SECONDS * 1000,
  };
}

function placeOf({ JURISDICTION: jurisdiction }: Config): Pick<ConfiguredTarget, "jurisdiction"> {
  return jurisdiction === undefined ? {} : { jurisdiction };
}

function createConsumer(
  config: Config,
  pipeline: PipelineParts,
  parts: Pick<ConsumerParts, "isScannerUp" | "queueChanged" | "backlogTold" | "log">,
): Consumer {
  const queue = new PullQueue({
    baseUrl: config.QUEUES_BASE_URL,
    accountId: config.QUEUES_ACCOUNT_ID,
    queueId: config.QUEUES_QUEUE_ID,
    token: config.QUEUES_TOKEN,
    visibilityTimeoutSeconds: config.VISIBILITY_TIMEOUT_SECONDS,
  });
  const handle: ConsumerParts["handle"] = (job, signal) => handleJob(job, pipeline, signal);
  return new Consumer(
    {
      ...parts,
      queue,
      handle,
      lane: pipeline.lanes.scan,
      reporter: pipeline.reporter,
      metrics: pipeline.metrics,
    },
    {
      pollMaxMs: config.POLL_MAX_SECONDS * 1000,
      drainMs: config.DRAIN_SECONDS * 1000,
    },
  );
}

function noteScanner(state: ScannerState, metrics: Metrics, log: Log): void {
  metrics.scannerUp.set(state.up ? 1 : 0);
  if (state.up)
    log.info({ event: "scanner-up", engine: state.detail, signatureVersion: state.signatureVersion });
  if (!state.up) log.error({ event: "scanner-down", reason: state.detail });
}

const parsed = parseConfig(process.env);
const replicas = await createReplicaTargets(process.env);
const readReplicas = await createReplicaTargets(process.env);
removeSecrets(process.env);
removeReplicaSecrets(process.env);
if (parsed.ok && replicas.ok && readReplicas.ok) {
  await main(parsed.config, replicas.targets, readReplicas.targets);
} else {
  const problems = [parsed, replicas].flatMap((result) => (result.ok ? [] : result.problems));
  process.stderr.write(
    `The processor's environment is not valid:\n${problems.map((line) => `  ${line}\n`).join("")}`,
  );
  process.exitCode = 2;
}
