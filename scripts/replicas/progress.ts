import { setTimeout as wait } from "node:timers/promises";

const BAR_CELLS = 24;
const DRAW_EVERY_MS = 200;
const MIB = 1024 * 1024;

/** A line on standard error that tells how far it is; on what is no terminal, now and then a line of its own. */
export class Progress {
  readonly #startedAtMs = Date.now();
  readonly #totalOf: string;
  #total = 0;
  #done = 0;
  #bytes = 0;
  #drawnAtMs = 0;

  /** @param totalOf what is counted, in the plural */
  constructor(totalOf: string) {
    this.#totalOf = totalOf;
  }

  set(done: number, total: number): void {
    this.#done = done;
    this.#total = total;
    this.#draw();
  }

  add(versions: number, bytes: number): void {
    this.#done += versions;
    this.#bytes += bytes;
    this.#draw();
  }

  /** Waits so long that no more than `rate` MiB a second are read. */
  async keepRate(rate: number): Promise<void> {
    const dueMs = (this.#bytes / MIB / rate) * 1000;
    const earlyMs = dueMs - (Date.now() - this.#startedAtMs);
    if (earlyMs > 0) await wait(earlyMs);
  }

  end(): void {
    this.#draw(true);
    if (process.stderr.isTTY) process.stderr.write("\n");
  }

  #draw(isLast = false): void {
    const everyMs = process.stderr.isTTY ? DRAW_EVERY_MS : 5_000;
    if (!isLast && Date.now() - this.#drawnAtMs < everyMs) return;
    this.#drawnAtMs = Date.now();
    const seconds = Math.max(0.001, (Date.now() - this.#startedAtMs) / 1000);
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const filled = Math.round(share * BAR_CELLS);
    const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_CELLS - filled)}]`;
    const speed = this.#bytes === 0 ? "" : `, ${(this.#bytes / MIB / seconds).toFixed(1)} MiB/s`;
    const line = `${bar} ${this.#done} of ${this.#total} ${this.#totalOf}${speed}`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}\u{1b}[K` : `${line}\n`);
  }
}
