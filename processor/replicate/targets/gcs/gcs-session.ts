import { setTimeout as wait } from "node:timers/promises";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import type { CopyPart } from "../../parts.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import { explainGcs, GcsAnswer, readAnswer } from "./gcs-faults.ts";

const MAX_TRIES = 3;
const RETRY_DELAY_MS = 500;
const INCOMPLETE = 308;
const CANCELLED = 499;

/**
 * A resumable upload by its session URI, which is its own credential
 * (https://cloud.google.com/storage/docs/performing-resumable-uploads): the SDK opens it, and has no way of sending one part
 * of known bytes and of learning what of them is durable.
 */
export class GcsSession {
  readonly uri: string;
  readonly #sizeBytes: number;
  readonly #deadlines: TargetDeadlines;
  /** Durable bytes, as far as is known. */
  #offset = 0;

  constructor(uri: string, sizeBytes: number, deadlines: TargetDeadlines) {
    this.uri = uri;
    this.#sizeBytes = sizeBytes;
    this.#deadlines = deadlines;
  }

  /** Bytes that are durable; undefined where there is no such session any more. */
  async findOffset(signal: AbortSignal): Promise<number | undefined> {
    try {
      await this.#put(new Uint8Array(), `bytes */${this.#sizeBytes}`, signal, this.#deadlines.callMs);
      return this.#offset;
    } catch (error) {
      if (error instanceof ReplicaFault && isEnded(error.cause)) return undefined;
      throw error;
    }
  }

  /** Sends what of a part isn't durable, again from where the service says that it is, until all is. The last makes the object. */
  async send({ offset, bytes }: CopyPart, signal: AbortSignal): Promise<void> {
    const end = offset + bytes.byteLength;
    let tries = 0;
    while (this.#offset < end) {
      if (tries >= MAX_TRIES) throw new ReplicaFault("unavailable", { detail: "a part that isn't taken" });
      if (tries > 0) await wait(RETRY_DELAY_MS * 2 ** (tries - 1), undefined, { signal });
      const from = this.#offset;
      if (from < offset) throw new ReplicaFault("unavailable", { detail: "a session that has lost bytes" });
      await this.#sendOnce(bytes.subarray(from - offset), from, signal);
      tries = this.#offset > from ? 0 : tries + 1;
    }
  }

  /** A session that has ended is no error. */
  async cancel(signal: AbortSignal): Promise<void> {
    await callTarget({ signal, deadlineMs: this.#deadlines.callMs, explain: explainGcs }, async (either) => {
      const response = await fetch(this.uri, { method: "DELETE", redirect: "manual", signal: either });
      await response.body?.cancel();
      if (response.status !== CANCELLED && response.status >= 500) throw new GcsAnswer(response.status, {});
    });
  }

  /** What may pass is answered by asking what is durable. */
  async #sendOnce(bytes: Uint8Array, from: number, signal: AbortSignal): Promise<void> {
    const range = `bytes ${from}-${from + bytes.byteLength - 1}/${this.#sizeBytes}`;
    try {
      await this.#put(bytes, range, signal, this.#deadlines.partMs);
    } catch (error) {
      const mayPass = error instanceof ReplicaFault && !error.isPermanent && !isEnded(error.cause);
      if (!mayPass || (await this.findOffset(signal)) === undefined) throw error;
    }
  }

  async #put(
    bytes: Uint8Array,
    contentRange: string,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<void> {
    return callTarget({ signal, deadlineMs, explain: explainGcs }, async (either) => {
      const body = streamOf(bytes);
      const headers = { "Content-Range": contentRange, "Content-Length": String(bytes.byteLength) };
      const streamed = { body, headers, duplex: "half" } as const;
      const init = { method: "PUT", ...streamed, redirect: "manual", signal: either } as const;
      const response = await fetch(this.uri, init);
      if (response.status !== INCOMPLETE && !response.ok) throw await readAnswer(response);
      await response.body?.cancel();
      this.#offset = response.ok ? this.#sizeBytes : readRange(response.headers.get("Range"));
    });
  }
}

/** Of bytes themselves fetch makes a copy. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** `bytes=0-524287`; none at all while nothing is durable. */
function readRange(header: string | null): number {
  const [, last] = /^bytes=0-(\d+)$/.exec(header ?? "") ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}

/** Whether a session is known no longer: done, cancelled, or a week old. */
function isEnded(error: unknown): boolean {
  return error instanceof GcsAnswer && [400, 404, 410, CANCELLED].includes(error.status);
}
