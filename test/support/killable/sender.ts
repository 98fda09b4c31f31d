import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { APPEND, creationHeaders, fileIdOf, TUS } from "../api.ts";
import { CREATION, PARTIAL_UPLOAD } from "../ietf.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import type { Content, Numbers } from "./seeded.ts";
import { bytesAt } from "./seeded.ts";
import type { KillableStack } from "./stack.ts";

const MIB = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const LARGEST_APPEND_BYTES = 16 * MIB;
/** One append in so many is all that is left. */
const ONE_IN = 4;

/** What one protocol says and hears. */
interface Protocol {
  creation(sizeBytes: number): Record<string, string>;
  /** @param completes whether the upload ends with this append */
  append(completes: boolean): Record<string, string>;
  readonly head: Record<string, string>;
  /** Whether an upload is complete that has all its bytes. */
  readonly completesAtLength: boolean;
}

const PROTOCOLS = {
  tus: {
    creation: (sizeBytes) => creationHeaders(sizeBytes, { filename: "film.mp4", filetype: "video/mp4" }),
    append: () => APPEND,
    head: TUS,
    completesAtLength: true,
  },
  ietf: {
    creation: (sizeBytes) => ({
      ...CREATION,
      "content-type": "video/mp4",
      "content-disposition": 'inline; filename="film.mp4"',
      "upload-length": String(sizeBytes),
    }),
    append: (completes) => ({ "content-type": PARTIAL_UPLOAD, "upload-complete": completes ? "?1" : "?0" }),
    head: {},
    completesAtLength: false,
  },
} as const satisfies Record<string, Protocol>;
export type ProtocolName = keyof typeof PROTOCOLS;

export interface SenderOptions {
  readonly stack: KillableStack;
  readonly caller: Caller;
  readonly numbers: Numbers;
  readonly protocol: ProtocolName;
  readonly content: Content;
}

/** What an upload took beside its bytes. */
export interface Tally {
  /** Bytes that had been given to a connection and had to be sent again. */
  readonly resentBytes: number;
  /** How often the worker was too busy to take an append whole. */
  readonly refusals: number;
}

/** Somebody who uploads one file, through however many kills: the model is what was acknowledged and what was sent. */
export class Sender {
  readonly content: Content;
  readonly #options: SenderOptions;
  readonly #protocol: Protocol;
  #location: string | undefined;
  /** The least that is durable: what was acknowledged or told. */
  #acknowledgedBytes = 0;
  /** The most that can be: what was given to a connection. */
  #sentBytes = 0;
  #isComplete = false;
  readonly #tally = { resentBytes: 0, refusals: 0 };

  constructor(options: SenderOptions) {
    this.#options = options;
    this.content = options.content;
    this.#protocol = PROTOCOLS[options.protocol];
  }

  get fileId(): string {
    return fileIdOf(this.#location ?? "");
  }

  /** Whether there is an upload that still takes bytes. */
  get isUnderWay(): boolean {
    return this.#location !== undefined && !this.#isComplete;
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** Begins the upload, or looks where it is: the offset is true, whatever happened since the last answer. */
  async prepare(): Promise<void> {
    if (this.#location === undefined) await this.#create();
    else await this.#look();
  }

  /** Sends the upload to its end. Throws when the connection is lost. */
  async send(): Promise<void> {
    while (!this.#isComplete) await this.#append();
  }

  async #create(): Promise<void> {
    const { sizeBytes } = this.content;
    const answer = await this.#ask("/v1/uploads", {
      method: "POST",
      headers: this.#protocol.creation(sizeBytes),
    });
    expect(answer.status).toBe(201);
    this.#location = answer.headers.location;
  }

  async #look(): Promise<void> {
    const { status, headers } = await this.#askUpload({ method: "HEAD", headers: this.#protocol.head });
    expect([200, 204], this.#name).toContain(status);
    const offset = Number(headers["upload-offset"]);
    expect(offset, `${this.#name}: nothing that was acknowledged is lost`).toBeGreaterThanOrEqual(
      this.#acknowledgedBytes,
    );
    expect(offset, `${this.#name}: nothing is there that wasn't sent`).toBeLessThanOrEqual(this.#sentBytes);
    this.#isComplete = headers["upload-complete"] === "?1";
    if (offset === this.content.sizeBytes && this.#protocol.completesAtLength) {
      expect(this.#isComplete, `${this.#name}: an upload with all its bytes is complete`).toBe(true);
    }
    this.#tally.resentBytes += this.#sentBytes - offset;
    this.#acknowledgedBytes = offset;
    this.#sentBytes = offset;
  }

  async #append(): Promise<void> {
    const { content } = this;
    const from = this.#acknowledgedBytes;
    const to = Math.min(content.sizeBytes, from + this.#nextBytes());
    const completes = to === content.sizeBytes;
    const { status, headers } = await this.#askUpload({
      method: "PATCH",
      headers: { ...this.#protocol.append(completes), "upload-offset": String(from) },
      body: { sizeBytes: to - from, chunks: this.#chunks(from, to) },
    });
    if (status === 503) return this.#goOnLater(headers["retry-after"]);
    expect([201, 204], this.#name).toContain(status);
    expect(headers["upload-offset"], this.#name).toBe(String(to));
    this.#acknowledgedBytes = to;
    this.#isComplete = completes;
  }

  /** The worker has no memory to spare, or its store is slow: what came is kept, and the rest has to wait. */
  async #goOnLater(retryAfter = "0"): Promise<void> {
    this.#tally.refusals += 1;
    await wait(Number(retryAfter) * 1000);
    await this.#look();
  }

  #nextBytes(): number {
    const { numbers } = this.#options;
    return numbers.between(1, ONE_IN) === 1
      ? this.content.sizeBytes
      : numbers.between(1, LARGEST_APPEND_BYTES);
  }

  *#chunks(from: number, to: number): Generator<Uint8Array> {
    for (let at = from; at < to; at += CHUNK_BYTES) {
      const end = Math.min(to, at + CHUNK_BYTES);
      this.#sentBytes = end;
      yield bytesAt(this.content, at, end - at);
    }
  }

  #askUpload(request: Exchange): Promise<Answer> {
    return this.#ask(this.#location ?? "", request);
  }

  #ask(path: string, { headers, ...request }: Exchange): Promise<Answer> {
    const { stack, caller } = this.#options;
    const authorization = `Bearer ${caller.token}`;
    return exchange(new URL(path, stack.url), { ...request, headers: { ...headers, authorization } });
  }

  get #name(): string {
    const { protocol } = this.#options;
    return `${protocol} upload ${this.fileId} of ${this.content.sizeBytes} bytes`;
  }
}
