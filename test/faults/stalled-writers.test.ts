import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DIALECTS } from "../support/dialects.ts";
import { distinctBytes } from "../support/distinct-bytes.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { Range, StalledAppend, StalledState } from "../support/faulty/stalled-append.ts";
import {
  LargeStalledAppend,
  rangeOf,
  SmallStalledAppend,
  stateOf,
} from "../support/faulty/stalled-append.ts";
import { UploadAtFaults } from "../support/faulty/upload-at-faults.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { runs, timeLimitMs } from "../support/runs.ts";
import { chunkOf, LAST_CHUNK } from "../support/tus.ts";

/** Uploads that stall at the same time: of less than a part, and of more, with two parts of 8 MiB in memory at most. */
const LARGE = 3;
const SMALL = 13;
const ROUNDS = runs(1, 63);
const UPLOADS = ROUNDS * (LARGE + SMALL);

const HEAD_LIMIT_MS = 1_500;
/** A client is silent for longer than the server waits before it gives a stalled client's memory back. */
const SILENCE_MS = 1_700;
const POLLING = { interval: 25, timeout: 30_000 } as const;

const SOURCE = distinctBytes(20 * 1024 * 1024);

const stack = useFaultyStack();

/** One upload whose append stalls, from its beginning to its stored object. */
class Run {
  readonly #stalled: StalledAppend;
  readonly #range: Range;
  readonly #upload: UploadAtFaults;
  readonly #bytes: Buffer<ArrayBuffer>;

  private constructor(stalled: StalledAppend, upload: UploadAtFaults) {
    this.#stalled = stalled;
    this.#range = rangeOf(stalled);
    this.#upload = upload;
    this.#bytes = SOURCE.subarray(0, this.#range.lengthBytes);
  }

  static async make(stalled: StalledAppend): Promise<void> {
    const { lengthBytes } = rangeOf(stalled);
    const upload = await UploadAtFaults.begin(stack, DIALECTS[stalled.dialect], lengthBytes);
    await new Run(stalled, upload).#run();
  }

  async #run(): Promise<void> {
    await this.#acknowledge();
    const state = stateOf(this.#stalled, (await this.#upload.rows()).partBytes);
    const { before, after } = this.#framedContent();
    const request = await this.#stall(before, state);
    const offset = await this.#ask(state);
    await this.#proceed(request, after);
    expect((await this.#upload.head()).offset).toBe(offset);
    await this.#goOn(offset);
    await this.#upload.expectStored(this.#bytes);
    await request.cut();
  }

  async #acknowledge(): Promise<void> {
    let offset = 0;
    for (const size of this.#stalled.before) {
      await this.#upload.mustAppend(
        { offset, completes: false },
        this.#bytes.subarray(offset, offset + size),
      );
      offset += size;
    }
  }

  /** Sends what is sent, and waits until the server is as far as it is to be. */
  async #stall(sent: Uint8Array, state: StalledState): Promise<RawRequest> {
    const { stalls, held } = this.#stalled;
    if (held !== "none") await this.#upload.plan(held, { kind: "hold" });
    const before = await this.#upload.seen();
    const request = await this.#open();
    const sending = request.write(sent);
    // Where the server waits for the store it may never read all of it.
    if (state.isHeld) sending.catch(() => {});
    else await sending;
    // The first to come is the older writer, so the append has to be there before anybody asks.
    const requests = async () => (await this.#upload.seen()).requests;
    await expect.poll(requests, POLLING).toBe(before.requests + 1);
    if (stalls === "at-once") return request;
    const readable = state.readEnd - this.#range.acknowledgedBytes;
    const readBytes = async () => (await this.#upload.seen()).readBytes - before.readBytes;
    await expect.poll(readBytes, POLLING).toBeGreaterThanOrEqual(readable);
    if (state.isHeld) await expect.poll(async () => (await this.#upload.held()).length, POLLING).toBe(1);
    if (stalls === "when-aside") await this.#waitUntilAside(state);
    return request;
  }

  /** Behind a call that has no answer nothing can be put aside: then the client is only silent for as long. */
  async #waitUntilAside({ isHeld, asideBytes }: StalledState): Promise<void> {
    if (isHeld) await wait(SILENCE_MS);
    else await expect.poll(() => this.#upload.rows(), POLLING).toMatchObject({ asideBytes });
  }

  /** Asks on another connection; that ends the stalled append. */
  async #ask({ offsets }: StalledState): Promise<number> {
    const { offset, complete, tookMs } = await this.#upload.head();
    expect(offset).toBeGreaterThanOrEqual(offsets.least);
    expect(offset).toBeLessThanOrEqual(offsets.most);
    expect(complete).toBe(false);
    expect(tookMs).toBeLessThanOrEqual(HEAD_LIMIT_MS);
    return offset;
  }

  /** The stalled append comes to life again, and the store answers it. */
  async #proceed(request: RawRequest, rest: Uint8Array): Promise<void> {
    const { afterwards } = this.#stalled;
    if (afterwards === "is-cut") await request.cut();
    // That the server has closed the connection is one of the ways in which it may refuse the rest.
    if (afterwards === "sends-on") await request.write(rest).catch(() => {});
    for (const operation of ["createMultipartUpload", "uploadPart"] as const) {
      await this.#upload.plan(operation);
    }
    for (const call of await this.#upload.held()) await this.#upload.release(call);
    await expect.poll(() => this.#upload.calls(), POLLING).toEqual([]);
    if (afterwards !== "is-cut") await expect.poll(request.received, POLLING).toMatch(/^HTTP\/1\.1 409 /);
  }

  /** Another writer appends the rest. */
  async #goOn(offset: number): Promise<void> {
    const { length } = this.#bytes;
    const middle = this.#stalled.goesOnInTwo ? Math.floor((offset + length) / 2) : offset;
    if (middle > offset) {
      await this.#upload.mustAppend({ offset, completes: false }, this.#bytes.subarray(offset, middle));
    }
    await this.#upload.mustAppend({ offset: middle, completes: true }, this.#bytes.subarray(middle));
  }

  #open(): Promise<RawRequest> {
    const { framing, hasDigest, leftBytes } = this.#stalled;
    const content = this.#content();
    const sha256 = hasDigest ? createHash("sha256").update(content).digest("base64") : undefined;
    const head = { offset: this.#range.acknowledgedBytes, completes: leftBytes === 0, sha256 };
    const lengthHeader = { "content-length": String(content.byteLength) };
    return this.#upload.open(head, framing === "length" ? lengthHeader : { "transfer-encoding": "chunked" });
  }

  /** The append's content as it goes over the line: what is sent before it stalls, and the rest. */
  #framedContent(): { before: Uint8Array; after: Uint8Array } {
    const content = this.#content();
    const { sentBytes, framing } = this.#stalled;
    const [sent, unsent] = [content.subarray(0, sentBytes), content.subarray(sentBytes)];
    switch (framing) {
      case "length":
        return { before: sent, after: unsent };
      case "inside-a-chunk": {
        const whole = chunkOf(content);
        const place = whole.indexOf("\n") + 1 + sentBytes;
        return {
          before: whole.subarray(0, place),
          after: Buffer.concat([whole.subarray(place), LAST_CHUNK]),
        };
      }
      case "between-chunks":
        // A chunk without content would be the last.
        return {
          before: sentBytes === 0 ? sent : chunkOf(sent),
          after: Buffer.concat([chunkOf(unsent), LAST_CHUNK]),
        };
    }
  }

  #content(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#range.acknowledgedBytes, this.#range.appendEnd);
  }
}

/** Makes a run and says, if it fails, which it was. */
async function describedRun(stalled: StalledAppend): Promise<void> {
  await Run.make(stalled).catch((cause: unknown) => {
    throw new Error(`${String(cause)}\nwith ${JSON.stringify(stalled)}`, { cause });
  });
}

test(
  `a stalled append keeps nobody waiting for the offset, and commits nothing afterwards (${UPLOADS} uploads)`,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(LargeStalledAppend, { minLength: LARGE, maxLength: LARGE }),
        fc.array(SmallStalledAppend, { minLength: SMALL, maxLength: SMALL }),
        async (large, small) => {
          await stack.control({ reset: true });
          const ended = await Promise.allSettled([...large, ...small].map(describedRun));
          for (const each of ended) if (each.status === "rejected") throw each.reason;
        },
      ),
      { numRuns: ROUNDS, endOnFailure: true },
    );
  },
  timeLimitMs(60_000, ROUNDS),
);
