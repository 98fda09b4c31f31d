import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ReplicaLag } from "#contract/replicas.ts";
import type { Lanes } from "./lanes.ts";

const PREFIX = "causeway_processor_";
const DURATION_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Every metric there is. Labels have few values: no tenant, no file. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[] = []) =>
    new Histogram({ name: PREFIX + name, help, labelNames, buckets: DURATION_BUCKETS_SECONDS, registers });
  return {
    registry,
    jobs: counter("jobs_total", "Jobs by how they ended", ["outcome"]),
    failures: counter("failures_total", "Faults that sent a job back, by code", ["code"]),
    verdicts: counter("verdicts_total", "Verdicts that were reached, by what they say", ["verdict"]),
    scannerCrashes: counter("scanner_crashes_total", "Scans in the middle of which the scanner died"),
    jobSeconds: histogram("job_duration_seconds", "From pull to the last report"),
    scanSeconds: histogram("scan_duration_seconds", "One pass: read, scan, hash, sniff"),
    scannedBytes: counter("scanned_bytes_total", "Bytes that went through the pass"),
    derivatives: counter("derivatives_total", "Derivatives by name and how they ended", ["name", "outcome"]),
    toolFailures: counter(
      "tool_failures_total",
      "Programs that failed at a file, took too long or were broken off, by program and reason",
      ["program", "reason"],
    ),
    copies: counter("copies_total", "Copies at replica targets by how they ended", ["target", "outcome"]),
    copiedBytes: counter("copied_bytes_total", "Bytes of versions that were stored at a target", ["target"]),
    copyRemovals: counter("copy_removals_total", "Dead copies by how their removal ended", [
      "target",
      "outcome",
    ]),
    replicaPending: gauge("replica_pending", "Copies that a target lacks, by the worker's last count", [
      "target",
    ]),
    replicaPendingBytes: gauge("replica_pending_bytes", "Bytes of those", ["target"]),
    replicaFailed: gauge("replica_failed", "Those of them that many tries or a lasting fault stand against", [
      "target",
    ]),
    replicaOldestSeconds: gauge(
      "replica_oldest_pending_seconds",
      "Age of the oldest of them; 0 without any",
      ["target"],
    ),
    replicaRemovals: gauge("replica_removals", "Dead copies that are still to be removed", ["target"]),
    replicaRemovalSeconds: gauge("replica_oldest_removal_seconds", "Age of the oldest of those", ["target"]),
    jobsActive: gauge("jobs_active", "Jobs under way"),
    laneRunning: gauge("lane_running", "What is being done, by lane", ["lane"]),
    laneWaiting: gauge("lane_waiting", "What waits for its turn, by lane", ["lane"]),
    laneSeconds: histogram("lane_duration_seconds", "What was done, without the wait for it, by lane", [
      "lane",
    ]),
    queueAgeSeconds: gauge(
      "queue_age_seconds",
      "Age of the oldest message of the last pull; 0 when there was none",
    ),
    queueBacklog: gauge("queue_backlog", "Messages that the queue holds, by its own count"),
    queueUp: gauge("queue_up", "1 when the last pull was answered"),
    replicaReads: counter(
      "replica_reads_total",
      "Copies that were read in the place of the primary's object, by target, why, and how it ended",
      ["target", "reason", "outcome"],
    ),
    scannerUp: gauge("scanner_up", "1 when clamd answers and recognises the test file"),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Has the metrics show what lanes do. */
export function watchLanes(lanes: Lanes, { laneRunning, laneWaiting, laneSeconds }: Metrics): void {
  for (const lane of Object.values(lanes)) {
    const labels = { lane: lane.name };
    const show = (): void => {
      laneRunning.set(labels, lane.running);
      laneWaiting.set(labels, lane.waiting);
    };
    show();
    lane.watch({ changed: show, done: (_, seconds) => laneSeconds.observe(labels, seconds) });
  }
}

/** Has the metrics show how far targets are behind, by all tenants' records. */
export function showLags(lags: readonly ReplicaLag[], metrics: Metrics, nowMs: number): void {
  const ageOf = (ms: number | null): number => (ms === null ? 0 : Math.max(nowMs - ms, 0) / 1000);
  for (const { target, ...lag } of lags) {
    metrics.replicaPending.set({ target }, lag.pending);
    metrics.replicaPendingBytes.set({ target }, lag.pendingBytes);
    metrics.replicaFailed.set({ target }, lag.failed);
    metrics.replicaOldestSeconds.set({ target }, ageOf(lag.oldestPendingAtMs));
    metrics.replicaRemovals.set({ target }, lag.removals);
    metrics.replicaRemovalSeconds.set({ target }, ageOf(lag.oldestRemovalAtMs));
  }
}

/** Answers `/metrics` for Prometheus and `/healthz` (200 while the process lives; the body says what is down). */
export async function serveMetrics(
  { registry }: Metrics,
  address: { readonly host: string; readonly port: number },
  health: () => object,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    if (request.url === "/healthz")
      return answer(response, 200, "application/json", JSON.stringify(health()));
    if (request.url !== "/metrics") return answer(response, 404, "text/plain", "not found\n");
    registry.metrics().then(
      (text) => answer(response, 200, registry.contentType, text),
      () => answer(response, 500, "text/plain", "metrics failed\n"),
    );
  });
  server.listen(address.port, address.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, port };
}

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { "Content-Type": contentType }).end(body);
}
