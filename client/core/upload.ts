import type { Problem } from "#contract/errors.ts";
import { type AttemptEvents, startAttempt, terminateUpload } from "./attempt.ts";
import { fileIdOf, OFFLINE_PROBE_MS, type UploadContext, versionOf } from "./context.ts";
import { classifyFailure, type Failure, nextStep } from "./failure.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { createGrantSource } from "./grants.ts";
import { localProblem } from "./problem.ts";
import type { ResumePoint } from "./resume-store.ts";
import { Status } from "./status.ts";
import type { TokenSource } from "./tokens.ts";
import type { UploadMeta, UploadProgress, UploadState } from "./types.ts";
import { wait } from "./wait.ts";

/**
 * One file on its way. A *run* lasts from `start()` or `resume()` until it is paused or over, and holds a slot; it has
 * one attempt after another until one comes through. Everything that belongs to a run or an attempt ends with its
 * AbortSignal, so nothing late can touch the state.
 */
export class Upload {
  readonly file: File;
  readonly meta: UploadMeta;
  readonly #context: UploadContext;
  readonly #status: Status;
  readonly #listeners = new Set<(upload: Upload) => void>();
  #run: AbortController | undefined;
  #attempt: AbortController | undefined;
  #fingerprint: string | undefined;
  #resumePoint: ResumePoint | undefined;
  #url: string | undefined;
  #tokens: TokenSource;
  #acceptedBytes = 0;
  #failures = 0;

  constructor(file: File, meta: UploadMeta, context: UploadContext) {
    this.file = file;
    this.meta = meta;
    this.#context = context;
    this.#tokens = this.#takeTokens();
    this.#status = new Status(file.size, () => {
      for (const listener of this.#listeners) listener(this);
    });
  }

  /** The file's id; undefined until the server has created the upload. */
  get id(): string | undefined {
    return this.#url === undefined ? undefined : fileIdOf(this.#url);
  }

  get state(): UploadState {
    return this.#status.state;
  }

  get progress(): UploadProgress {
    return this.#status.progress;
  }

  /** Calls `listener` after each change of state, and on progress at most ten times a second. Returns its end. */
  subscribe(listener: (upload: Upload) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins, or waits for its turn. */
  start(): void {
    if (this.state.kind === "waiting" && this.#run === undefined) this.#begin();
  }

  /** Stops sending; what the server has stays there. */
  pause(): void {
    if (this.#run !== undefined) this.#end({ kind: "paused" });
  }

  /** Goes on after a pause or a failure, or at once where it would wait before trying again. */
  resume(): void {
    const { kind } = this.state;
    if (kind === "paused" || kind === "failed") this.#begin();
    if (kind === "retrying" || kind === "offline") this.#retryNow();
  }

  /** Gives up for good and deletes what was sent, here and on the server. Never rejects. */
  async abort(): Promise<void> {
    const { kind } = this.state;
    if (kind === "uploaded" || kind === "refused" || kind === "aborted") return;
    const point = this.#resumePoint;
    const url = this.#url ?? point?.uploadUrl;
    this.#end({ kind: "aborted" });
    try {
      if (point !== undefined) await this.#context.store.remove(point);
      if (url) await this.#terminate(url);
    } catch {
      // The server expires it; there is nothing left for the user to do.
    }
  }

  #takeTokens(): TokenSource {
    const { access } = this.#context;
    if (access.kind === "session") return access.tokens;
    return createGrantSource({
      ask: () => access.getGrant(this.file, this.meta),
      renew: access.renewGrant,
      isCreated: () => this.#url !== undefined,
    });
  }

  async #terminate(url: string): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    await terminateUpload(url, { ...this.#context, tokens: this.#tokens, signal });
  }

  #begin(): void {
    const run = new AbortController();
    this.#run = run;
    this.#failures = 0;
    this.#status.set({ kind: "waiting" });
    this.#context.connection.watch((online) => this.#onConnection(online), run.signal);
    void this.#prepare(run.signal);
  }

  #end(state: UploadState): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#status.rest();
    this.#status.set(state);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    if (!(await this.#context.slots.hold(signal))) return;
    this.#status.set({ kind: "hashing" });
    try {
      await this.#findResumePoint(signal);
    } catch {
      if (!signal.aborted) this.#end({ kind: "failed", problem: localProblem("FILE_UNREADABLE") });
    }
    if (signal.aborted) return;
    this.#status.set({ kind: "uploading" });
    this.#startAttempt();
  }

  async #findResumePoint(signal: AbortSignal): Promise<void> {
    const { access, scope, claims, store } = this.#context;
    // Nobody has its grant after a reload.
    if (access.kind === "grants") return;
    const fingerprint = await fingerprintOf(this.file, this.meta, scope);
    const isOurs = fingerprint !== undefined && (await claims.hold(fingerprint, signal));
    // The same file is on its way already, here or in another tab: this one is an upload of its own.
    this.#fingerprint = isOurs ? fingerprint : undefined;
    if (isOurs) this.#resumePoint ??= await store.find(fingerprint);
  }

  #startAttempt(): void {
    const run = this.#run;
    if (run === undefined) return;
    const { file, meta } = this;
    const tokens = this.#tokens;
    const place = { fingerprint: this.#fingerprint, resumeFrom: this.#resumePoint, url: this.#url };
    startAttempt(
      { ...this.#context, ...place, tokens, file, meta, signal: this.#newAttempt(run) },
      this.#events(),
    );
  }

  #events(): AttemptEvents {
    return {
      onResumePoint: (point) => this.#keep(point),
      onUrl: (url) => this.#onUrl(url),
      onSent: (bytes) => this.#status.sent(bytes),
      onAnswer: (offsetBytes) => this.#onAnswer(offsetBytes),
      onDone: () => this.#onDone(),
      onError: (error) => this.#onFailure(this.#whatFailed(error)),
    };
  }

  #keep(point: ResumePoint | undefined): void {
    this.#resumePoint = point;
  }

  #onUrl(url: string): void {
    if (this.#url !== undefined && this.#url !== url) {
      this.#status.restart();
      this.#acceptedBytes = 0;
    }
    this.#url = url;
    this.#status.set({ kind: "uploading" });
  }

  #onAnswer(offsetBytes: number | undefined): void {
    if (offsetBytes === undefined || offsetBytes <= this.#acceptedBytes) return;
    this.#acceptedBytes = offsetBytes;
    this.#failures = 0;
  }

  #onDone(): void {
    this.#status.sent(this.file.size);
    this.#end({ kind: "uploaded", fileId: this.id ?? "", version: versionOf(this.#url ?? "") });
  }

  /** A grant that has ended, and that nobody renews, takes its upload with it: another is for another file. */
  #whatFailed(error: unknown): Failure {
    const failure = classifyFailure(error, Date.now());
    const hasEnded = failure.kind === "blocked" && failure.problem.status === 401;
    return hasEnded && this.#context.access.kind === "grants"
      ? { kind: "gone", problem: failure.problem }
      : failure;
  }

  #onFailure(failure: Failure): void {
    this.#status.rest();
    if (failure.kind === "connection" && !this.#context.connection.isOnline()) {
      this.#goOffline();
      return;
    }
    this.#failures += 1;
    const next = nextStep(failure, this.#failures, this.#context.retryBaseMs);
    if (next.kind === "retry") {
      this.#retryAfter(next.delayMs, next.problem);
      return;
    }
    if (next.kind === "refuse" || next.forget) this.#forget();
    this.#end({ kind: next.kind === "refuse" ? "refused" : "failed", problem: next.problem });
  }

  #forget(): void {
    const point = this.#resumePoint;
    this.#resumePoint = undefined;
    this.#url = undefined;
    this.#tokens = this.#takeTokens();
    this.#acceptedBytes = 0;
    this.#status.restart();
    if (point !== undefined) this.#context.store.remove(point).catch(() => {});
  }

  #onConnection(online: boolean): void {
    const { kind } = this.state;
    if (!online && (kind === "uploading" || kind === "retrying")) this.#goOffline();
    if (online && (kind === "offline" || kind === "retrying")) this.#retryNow();
  }

  #goOffline(): void {
    this.#status.rest();
    this.#status.set({ kind: "offline" });
    this.#scheduleAttempt(OFFLINE_PROBE_MS);
  }

  #retryAfter(delayMs: number, problem: Problem | undefined): void {
    const retryAtMs = Date.now() + delayMs;
    this.#status.set({ kind: "retrying", attempt: this.#failures, retryAtMs, ...(problem && { problem }) });
    this.#scheduleAttempt(delayMs);
  }

  #retryNow(): void {
    this.#failures = 0;
    this.#startAttempt();
  }

  /** The state stays as it is until the attempt is answered, so that it doesn't flicker while nothing answers. */
  #scheduleAttempt(delayMs: number): void {
    const run = this.#run;
    if (run === undefined) return;
    void wait(delayMs, this.#newAttempt(run)).then((due) => due && this.#startAttempt());
  }

  /** Ends the attempt before; the signal aborts with the next one, or with the run. */
  #newAttempt(run: AbortController): AbortSignal {
    this.#attempt?.abort();
    this.#attempt = new AbortController();
    return AbortSignal.any([run.signal, this.#attempt.signal]);
  }
}
