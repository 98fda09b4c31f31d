import { ProgressMeter } from "./progress.ts";
import type { UploadProgress, UploadState } from "./types.ts";

const PROGRESS_INTERVAL_MS = 100;

/** What an upload shows of itself, and who watches. Values are replaced, never changed, so they compare by identity. */
export class Status {
  readonly #meter: ProgressMeter;
  readonly #notify: () => void;
  #state: UploadState = { kind: "waiting" };
  #progress: UploadProgress;
  #toldAtMs = 0;

  constructor(totalBytes: number, notify: () => void) {
    this.#meter = new ProgressMeter(totalBytes);
    this.#notify = notify;
    this.#progress = this.#meter.read();
  }

  get state(): UploadState {
    return this.#state;
  }

  get progress(): UploadProgress {
    return this.#progress;
  }

  set(state: UploadState): void {
    if (state.kind === this.#state.kind && state.kind === "uploading") return;
    this.#state = state;
    this.#tell();
  }

  /** The server has begun it, with an id of its own. */
  begun(): void {
    this.#state = { kind: "uploading" };
    this.#tell();
  }

  /** Told at most ten times a second. */
  sent(bytes: number): void {
    this.#meter.record(bytes, Date.now());
    if (Date.now() - this.#toldAtMs >= PROGRESS_INTERVAL_MS) this.#tell();
  }

  /** Nothing is being sent; shown with the next state. */
  rest(): void {
    this.#meter.rest();
  }

  /** The server has nothing of it any more; shown with the next state. */
  restart(): void {
    this.#meter.restart();
  }

  #tell(): void {
    this.#toldAtMs = Date.now();
    this.#progress = this.#meter.read();
    this.#notify();
  }
}
