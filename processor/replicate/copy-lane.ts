import type { CopyChecksums } from "./checksums.ts";
import type { CopyOutcome } from "./copy-to-targets.ts";
import type { PartTaker } from "./part-window.ts";
import type { CopyPart } from "./parts.ts";
import { PrimaryMismatch } from "./primary-mismatch.ts";
import { ReplicaFault } from "./replica-fault.ts";
import type { CopyFacts, CopyWriter, ReplicaTarget } from "./target.ts";

const ABANDON_DEADLINE_MS = 30_000;
const BEHIND = Symbol("behind");

export interface LaneEvents {
  readonly released: (part: CopyPart, lane: CopyLane) => void;
  readonly left: (lane: CopyLane) => void;
  /** A part more is durable at the target: whoever begins again has less to do. */
  readonly advanced: () => void;
}

/** One target's way through a copy: takes parts as they come, skips those that it has, and ends with an outcome. */
export class CopyLane implements PartTaker {
  readonly #target: ReplicaTarget;
  readonly #parts: CopyPart[] = [];
  readonly #ended: AbortController = new AbortController();
  readonly #signal: AbortSignal;
  #next = Promise.withResolvers<void>();
  #sentBytes = 0;

  constructor(target: ReplicaTarget, signal: AbortSignal) {
    this.#target = target;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
  }

  get name(): string {
    return this.#target.name;
  }

  push(part: CopyPart): void {
    this.#parts.push(part);
    this.#next.resolve();
  }

  fallBehind(): void {
    this.#ended.abort(BEHIND);
  }

  /**
   * Throws the signal's reason, and what `checksums` is rejected with: then what was sent stays for the next try.
   * @param checksums of the whole object, once it has been read and is what it should be
   */
  async run(facts: CopyFacts, checksums: Promise<CopyChecksums>, events: LaneEvents): Promise<CopyOutcome> {
    let writer: CopyWriter | undefined;
    try {
      writer = await this.#target.begin(facts, this.#signal);
      await this.#send(writer, events);
      const copy = await writer.complete(await checksums, this.#signal);
      return { state: "stored", copy, sentBytes: this.#sentBytes };
    } catch (error) {
      events.left(this);
      if (writer !== undefined && isHopeless(error)) await abandon(writer);
      if (error === BEHIND) return { state: "behind", sentBytes: this.#sentBytes };
      if (!(error instanceof ReplicaFault) || error instanceof PrimaryMismatch) throw error;
      return { state: "failed", fault: error, sentBytes: this.#sentBytes };
    }
  }

  async #send(writer: CopyWriter, events: LaneEvents): Promise<void> {
    for (;;) {
      const part = await this.#takeNext();
      if (part.offset < writer.sentBytes) {
        writer.confirm(part);
      } else {
        await writer.write(part, this.#signal);
        this.#sentBytes += part.bytes.byteLength;
        if (!part.isLast) events.advanced();
      }
      // The last one's bytes may be needed until the end.
      if (part.isLast) return;
      events.released(part, this);
    }
  }

  async #takeNext(): Promise<CopyPart> {
    for (;;) {
      const part = this.#parts.shift();
      if (part !== undefined) return part;
      this.#next = Promise.withResolvers<void>();
      await untilAborted(this.#next.promise, this.#signal);
    }
  }
}

/** Whether what was sent is of no use to the next try. */
function isHopeless(error: unknown): boolean {
  return error instanceof ReplicaFault && (error.kind === "mismatch" || error.kind === "refused");
}

/** The fault is what is reported, whether this works or not: what is left is found by the next try, and by `remove`. */
async function abandon(writer: CopyWriter): Promise<void> {
  await writer.abandon(AbortSignal.timeout(ABANDON_DEADLINE_MS)).catch(() => {});
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
