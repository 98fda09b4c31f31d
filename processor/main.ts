/**
 * The processor: takes jobs from the queue, checks what was uploaded, makes derivatives, reports. It holds no state, so
 * any number of it may run; it ends with 0 after a drain, 1 when it was cut short, 2 when its configuration is wrong.
 */
import { hostname } from "node:os";
import { type Config, parseConfig } from "./config.ts";
import { Consumer, type ConsumerParts } from "./consumer.ts";
import { Derivatives } from "./derive/derivatives.ts";
import { ImageDeriver } from "./derive/images.ts";
import { Sandbox } from "./derive/sandbox.ts";
import { ALL_TOOLS_MISSING, type Tools } from "./derive/tools.ts";
import { Heartbeat } from "./heartbeat.ts";
import { createLanes, LANE_LIMITS } from "./lanes.ts";
import { watchLifetime } from "./lifetime.ts";
import { createLog, type Log } from "./log.ts";
import { createMetrics, type Metrics, serveMetrics } from "./metrics.ts";
import { ObjectStore } from "./object-store.ts";
import { type PipelineParts, processJob } from "./pipeline.ts";
import { PullQueue } from "./queue.ts";
import { Reporter } from "./report.ts";
import { ScannerMonitor, type ScannerState } from "./scan/scanner-monitor.ts";

async function main(config: Config): Promise<void> {
  const log = createLog(config.LOG_LEVEL);
  const metrics = createMetrics();
  const stop = watchLifetime(log, config.CAUSEWAY_PARENT_PID);
  const { sandbox, tools, ...pipeline } = await createPipeline(config, metrics, log);
  process.on("exit", () => sandbox.killAll());

  const scanner = new ScannerMonitor(pipeline.scanner, (state) => {
    noteScanner(state, metrics, log);
    void heartbeat.beat();
  });
  const processorId = `${hostname()}-${process.pid}`.slice(-100);
  const heartbeat = new Heartbeat({ processorId, reporter: pipeline.reporter, scanner, tools, log }, stop);
  const consumer = createConsumer(config, pipeline, {
    isScannerUp: async () => (await scanner.check()).up,
    queueChanged: (up) => void heartbeat.noteQueue(up),
    log,
  });

  const address = { host: config.METRICS_HOST, port: config.METRICS_PORT };
  const { server, port } = await serveMetrics(metrics, address, () => ({
    status: "ok",
    scanner: scanner.state,
  }));
  const toolsHaveNoNetwork = sandbox.hasNoNetwork;
  log.info({ event: "started", metricsPort: port, concurrency: config.CONCURRENCY, toolsHaveNoNetwork });
  await Promise.all([consumer.run(stop), heartbeat.run()]);
  server.close();
  server.closeAllConnections();
  pipeline.store.close();
  log.info({ event: "stopped" });
}

async function createPipeline(
  config: Config,
  metrics: Metrics,
  log: Log,
): Promise<PipelineParts & { readonly sandbox: Sandbox; readonly tools: Tools }> {
  const store = new ObjectStore({
    endpoint: config.S3_ENDPOINT,
    bucket: config.S3_BUCKET,
    region: config.S3_REGION,
    accessKeyId: config.S3_ACCESS_KEY_ID,
    secretAccessKey: config.S3_SECRET_ACCESS_KEY,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
  });
  const reporter = new Reporter({
    workerUrl: config.CAUSEWAY_WORKER_URL,
    secret: config.CAUSEWAY_REPORT_SECRET,
  });
  const sandbox = await Sandbox.create();
  const lanes = createLanes(LANE_LIMITS);
  const tools = ALL_TOOLS_MISSING;
  const derivers = [new ImageDeriver(sandbox, tools)];
  return {
    ...{ store, reporter, metrics, sandbox, lanes, tools },
    derivatives: new Derivatives({ ...{ store, reporter, lanes, tools, metrics, log }, derivers }),
    scanner: { host: config.CLAMAV_HOST, port: config.CLAMAV_PORT },
    scanDeadlineMs: config.SCAN_DEADLINE_SECONDS * 1000,
  };
}

function createConsumer(
  config: Config,
  pipeline: PipelineParts,
  parts: Pick<ConsumerParts, "isScannerUp" | "queueChanged" | "log">,
): Consumer {
  const queue = new PullQueue({
    baseUrl: config.QUEUES_BASE_URL,
    accountId: config.QUEUES_ACCOUNT_ID,
    queueId: config.QUEUES_QUEUE_ID,
    token: config.QUEUES_TOKEN,
    visibilityTimeoutSeconds: config.VISIBILITY_TIMEOUT_SECONDS,
  });
  const handle: ConsumerParts["handle"] = (job, signal) => processJob(job, pipeline, signal);
  return new Consumer(
    { ...parts, queue, handle, metrics: pipeline.metrics },
    {
      concurrency: config.CONCURRENCY,
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
if (parsed.ok) {
  await main(parsed.config);
} else {
  process.stderr.write(
    `The processor's environment is not valid:\n${parsed.problems.map((line) => `  ${line}\n`).join("")}`,
  );
  process.exitCode = 2;
}
