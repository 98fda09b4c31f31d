import { setTimeout as sleep } from "node:timers/promises";
import type { ConfiguredTarget, ReplicaLag } from "#contract/replicas.ts";
import type { HeartbeatReport } from "#contract/reports.ts";
import type { Tools } from "./derive/tools.ts";
import { describeError } from "./failure.ts";
import type { Log } from "./log.ts";
import type { Reporter } from "./report.ts";
import type { ScannerMonitor } from "./scan/scanner-monitor.ts";

export interface HeartbeatParts {
  readonly processorId: string;
  readonly reporter: Pick<Reporter, "beat">;
  /** Asked before each beat, so that a scanner that dies while all hands are busy is noticed too. */
  readonly scanner: Pick<ScannerMonitor, "check" | "state">;
  readonly tools: Pick<Tools, "states">;
  /** Replica targets that it copies to. */
  readonly targets: readonly ConfiguredTarget[];
  /** Told how far all targets are behind, where the worker says. */
  readonly lagsTold: (lags: readonly ReplicaLag[]) => void;
  readonly log: Log;
}

const INTERVAL_MS = 5_000;

/** Tells the worker every few seconds, and at once on a change, how the processor is. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #stop: AbortSignal;
  #queueUp = false;
  /** What the queue last said that it holds; null while it hasn't. */
  #backlog: number | null = null;
  #delivered: boolean | undefined;
  #lastAtMs = 0;

  constructor(parts: HeartbeatParts, stop: AbortSignal) {
    this.#parts = parts;
    this.#stop = stop;
  }

  /** Beats until the stop. Never throws. */
  async run(): Promise<void> {
    while (!this.#stop.aborted) {
      await this.#parts.scanner.check();
      await this.beat();
      await sleep(INTERVAL_MS, undefined, { signal: this.#stop }).catch(() => undefined);
    }
  }

  /** Notes the queue's state and sends it. */
  async noteQueue(up: boolean): Promise<void> {
    this.#queueUp = up;
    await this.beat();
  }

  /** Notes how much waits in the queue; the next beat tells it. */
  noteBacklog(backlog: number): void {
    this.#backlog = backlog;
  }

  /** Sends one report; a lost one is made good by the next. Never throws. */
  async beat(): Promise<void> {
    if (this.#stop.aborted) return;
    try {
      this.#parts.lagsTold(await this.#parts.reporter.beat(this.#createReport(), this.#stop));
      this.#noteDelivery(true);
    } catch (error) {
      if (!this.#stop.aborted) this.#noteDelivery(false, describeError(error));
    }
  }

  #createReport(): HeartbeatReport {
    const { state: scanner } = this.#parts.scanner;
    // Later than the last, though two are of the same millisecond: a copy of an old one isn't taken.
    this.#lastAtMs = Math.max(Date.now(), this.#lastAtMs + 1);
    return {
      kind: "heartbeat",
      processorId: this.#parts.processorId,
      scanner: scanner.up ? "ok" : "down",
      scannerDetail: scanner.detail,
      signatureVersion: scanner.signatureVersion,
      queue: this.#queueUp ? "ok" : "down",
      backlog: this.#backlog,
      tools: [...this.#parts.tools.states()],
      targets: [...this.#parts.targets],
      atMs: this.#lastAtMs,
    };
  }

  /** Logged when it changes only: a worker that is away would fill the log. */
  #noteDelivery(delivered: boolean, reason?: string): void {
    if (this.#delivered === delivered) return;
    this.#delivered = delivered;
    if (delivered) this.#parts.log.info({ event: "worker-up" });
    if (!delivered) this.#parts.log.error({ event: "worker-down", reason });
  }
}
