import type { Problem } from "#contract/errors.ts";
import { OFFLINE_PROBE_MS, type UploadContext } from "./context.ts";
import { classifyFailure, type Failure, nextStep } from "./failure.ts";
import type { TransferEvents } from "./sending.ts";
import type { Status } from "./status.ts";
import type { Transfer } from "./transfer.ts";
import type { UploadState } from "./types.ts";
import { wait } from "./wait.ts";

export interface AttemptsOptions {
  readonly transfer: Transfer;
  readonly context: UploadContext;
  readonly status: Status;
  /** Of the run that they belong to. */
  readonly signal: AbortSignal;
  readonly onDone: () => void;
  readonly onEnd: (state: UploadState) => void;
}

/**
 * The attempts of one run, one after another until one comes through or it is of no use. What belongs to an attempt ends with
 * its signal.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #status: Status;
  #attempt: AbortController | undefined;
  #acceptedBytes = 0;
  #failures = 0;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#status = options.status;
    options.context.connection.watch((online) => this.#onConnection(online), options.signal);
  }

  start(): void {
    this.#status.set({ kind: "uploading" });
    this.#begin();
  }

  /** At once, where it would wait before trying again. */
  retryNow(): void {
    this.#failures = 0;
    this.#begin();
  }

  stop(): void {
    this.#attempt?.abort();
  }

  #begin(): void {
    const { transfer, context, onDone } = this.#options;
    const signal = this.#newAttempt();
    const live =
      <A extends readonly unknown[]>(handler: (...values: A) => void) =>
      (...values: A) => {
        if (!signal.aborted) handler(...values);
      };
    const events: TransferEvents = {
      onCreated: live(() => this.#onCreated()),
      onSent: live((bytes) => this.#status.sent(bytes)),
      onAccepted: live((offsetBytes) => this.#onAccepted(offsetBytes)),
    };
    const release = context.awake.hold();
    transfer
      .send(signal, events)
      .finally(release)
      .then(
        live(onDone),
        live((error: unknown) => this.#onFailure(this.#whatFailed(error))),
      );
  }

  #onCreated(): void {
    this.#acceptedBytes = 0;
    this.#status.restart();
    this.#status.begun();
  }

  #onAccepted(offsetBytes: number): void {
    this.#status.set({ kind: "uploading" });
    this.#status.sent(offsetBytes);
    if (offsetBytes > this.#acceptedBytes) this.#failures = 0;
    this.#acceptedBytes = offsetBytes;
  }

  /** A grant that has ended, and that nobody renews, takes its upload with it: another is for another file. */
  #whatFailed(error: unknown): Failure {
    const failure = classifyFailure(error, Date.now());
    const hasEnded = failure.kind === "blocked" && failure.problem.status === 401;
    return hasEnded && this.#options.context.access.kind === "grants"
      ? { kind: "gone", problem: failure.problem }
      : failure;
  }

  #onFailure(failure: Failure): void {
    const { context, transfer, onEnd } = this.#options;
    this.#status.rest();
    if (failure.kind === "connection" && !context.connection.isOnline()) {
      this.#goOffline();
      return;
    }
    this.#failures += 1;
    const next = nextStep(failure, this.#failures, context.retryBaseMs);
    if (next.kind === "retry") {
      this.#retryAfter(next.delayMs, next.problem);
      return;
    }
    if (next.kind === "refuse" || next.forget) {
      transfer.forget();
      this.#status.restart();
    }
    onEnd({ kind: next.kind === "refuse" ? "refused" : "failed", problem: next.problem });
  }

  #onConnection(online: boolean): void {
    const { kind } = this.#status.state;
    if (!online && (kind === "uploading" || kind === "retrying")) this.#goOffline();
    if (online && (kind === "offline" || kind === "retrying")) this.retryNow();
  }

  #goOffline(): void {
    this.#status.rest();
    this.#status.set({ kind: "offline" });
    this.#schedule(OFFLINE_PROBE_MS);
  }

  #retryAfter(delayMs: number, problem: Problem | undefined): void {
    const retryAtMs = Date.now() + delayMs;
    this.#status.set({ kind: "retrying", attempt: this.#failures, retryAtMs, ...(problem && { problem }) });
    this.#schedule(delayMs);
  }

  /** The state stays as it is until the attempt is answered, so that it doesn't flicker while nothing answers. */
  #schedule(delayMs: number): void {
    void wait(delayMs, this.#newAttempt()).then((due) => due && this.#begin());
  }

  /** Ends the attempt before; the signal aborts with the next one, or with the run. */
  #newAttempt(): AbortSignal {
    this.#attempt?.abort();
    this.#attempt = new AbortController();
    return AbortSignal.any([this.#options.signal, this.#attempt.signal]);
  }
}
