import { AppError } from "#contract/errors.ts";
import { checkedBody, readChecked } from "./checked-body.ts";
import { type CopyToRead, nameOf, Proofs } from "./proofs.ts";
import type { ReadRange } from "./read-range.ts";

/** What of a replica target is needed to read its copies. */
export interface ReadableTarget {
  readonly name: string;
  read(key: string, range: ReadRange | undefined, signal: AbortSignal): Promise<OpenCopy | undefined>;
}

export interface OpenCopy {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the whole copy, whatever the range. */
  readonly sizeBytes: number;
  /** The target's own of what was opened: of other bytes it is another. */
  readonly etag: string;
}

/** What is so small is read before it is sent: a reader may go to another target when it is wrong. Held in memory meanwhile. */
const READ_FIRST_BYTES = 2 ** 20;
/** So long a reader of a range waits for a proof: the worker waits a little longer for an answer. */
const PROOF_WAIT_MS = 3_000;
/** A proof is given up then: of a copy that takes longer there are no ranges. */
const PROOF_DEADLINE_MS = 10 * 60_000;
/** Proofs at a time; each reads a whole copy. */
const MAX_PROOFS = 4;

/**
 * Reads copies so that what comes is what the record says, or breaks off: a whole one is hashed as it goes, and a range is
 * given only of what was hashed whole before and has the same tag still.
 */
export class CheckedReads {
  readonly #proofs = new Proofs();
  readonly #proving = new Map<string, Promise<void>>();
  readonly #noteMismatch: (copy: CopyToRead) => void;

  /** @param noteMismatch told of each copy that was read whole and has other bytes */
  constructor(noteMismatch: (copy: CopyToRead) => void) {
    this.#noteMismatch = noteMismatch;
  }

  /**
   * Undefined where the target has no such copy. Throws CopyMismatch, here or while the body is read, `RATE_LIMITED` while
   * a copy isn't proved, and what the target throws.
   */
  async open(
    target: ReadableTarget,
    wanted: { readonly key: string; readonly sha256: string | undefined },
    range: ReadRange | undefined,
    signal: AbortSignal,
  ): Promise<OpenCopy | undefined> {
    const { key, sha256 } = wanted;
    if (sha256 === undefined) return target.read(key, range, signal);
    const copy = { target: target.name, key, sha256 };
    if (range === undefined || range.offset === 0) {
      const opened = await target.read(key, range, signal);
      if (opened === undefined) return undefined;
      if (range === undefined || range.length >= opened.sizeBytes) return this.#openWhole(copy, opened);
      if (opened.etag === this.#proofs.find(copy, Date.now())) return opened;
      await opened.body.cancel();
    }
    return this.#openRange(target, copy, range, signal);
  }

  async #openWhole(copy: CopyToRead, opened: OpenCopy): Promise<OpenCopy> {
    if (opened.sizeBytes > READ_FIRST_BYTES) return { ...opened, body: this.#check(copy, opened) };
    const judged = (isRight: boolean): void => this.#noteJudgement(copy, opened.etag, isRight);
    const bytes = await readChecked(opened.body, opened.sizeBytes, copy.sha256, judged);
    return { ...opened, body: new Blob([bytes]).stream() };
  }

  #check(copy: CopyToRead, { body, etag }: OpenCopy): ReadableStream<Uint8Array> {
    return checkedBody(body, copy.sha256, (isRight) => this.#noteJudgement(copy, etag, isRight));
  }

  #noteJudgement(copy: CopyToRead, etag: string, isRight: boolean): void {
    if (isRight) return this.#proofs.remember(copy, etag, Date.now());
    this.#proofs.forget(copy);
    this.#noteMismatch(copy);
  }

  async #openRange(
    target: ReadableTarget,
    copy: CopyToRead,
    range: ReadRange | undefined,
    signal: AbortSignal,
  ): Promise<OpenCopy | undefined> {
    if (this.#proofs.find(copy, Date.now()) === undefined) await this.#awaitProof(target, copy);
    const opened = await target.read(copy.key, range, signal);
    if (opened === undefined || opened.etag === this.#proofs.find(copy, Date.now())) return opened;
    // It was replaced, or can't be told from what would replace it: whoever asks again has it proved.
    this.#proofs.forget(copy);
    await opened.body.cancel();
    throw notNow();
  }

  /** Throws what the proof does, and `RATE_LIMITED` where it takes longer than a reader waits, or isn't begun. */
  async #awaitProof(target: ReadableTarget, copy: CopyToRead): Promise<void> {
    const proving = this.#proving.get(nameOf(copy)) ?? this.#beginProof(target, copy);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(notNow()), PROOF_WAIT_MS);
    try {
      await Promise.race([proving, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** It goes on when its reader has gone: the next finds it done. */
  #beginProof(target: ReadableTarget, copy: CopyToRead): Promise<void> {
    if (this.#proving.size >= MAX_PROOFS) throw notNow();
    const name = nameOf(copy);
    const proving = this.#prove(target, copy).finally(() => this.#proving.delete(name));
    // Nobody may be waiting any more.
    proving.catch(() => {});
    this.#proving.set(name, proving);
    return proving;
  }

  async #prove(target: ReadableTarget, copy: CopyToRead): Promise<void> {
    const opened = await target.read(copy.key, undefined, AbortSignal.timeout(PROOF_DEADLINE_MS));
    // Whoever waits for it finds that out too.
    if (opened === undefined) return;
    await this.#check(copy, opened).pipeTo(new WritableStream());
  }
}

function notNow(): AppError {
  return new AppError("RATE_LIMITED", { headers: { "Retry-After": "5" } });
}
