const MIB = 1024 * 1024;

/** The server's usual size of a part (worker/uploads/writing/part-size.ts): appends that are multiples of it leave no tail. */
const PART_BYTES = 8 * MIB;
const SMALLEST_BYTES = MIB;
/** Cloudflare takes 100 MB in one request on most plans; `Upload-Limit` may say less. */
const LARGEST_BYTES = 11 * PART_BYTES;
/** So long should a request take: longer ones lose more where a connection can't bring back what it sent, shorter ones cost more. */
const TARGET_SECONDS = 20;

/** Bytes of one request, where the host says it. */
export type WantedBytes = number | undefined | (() => number | undefined);

function isBytes(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes > 0;
}

/**
 * How much one request sends, from what the requests before it took. One for all uploads of an uploader: they share the
 * connection.
 */
export class ChunkSizes {
  readonly #wanted: WantedBytes;
  #bytes = PART_BYTES;

  /**
   * @param wanted as the host wants it, whatever the connection does; a function is asked before each request, and an answer
   *   that is no positive integer is left aside
   * @throws RangeError when it is a number that is not a positive integer
   */
  constructor(wanted: WantedBytes) {
    if (typeof wanted === "number" && !isBytes(wanted)) {
      throw new RangeError("chunkSizeBytes must be a positive, finite integer");
    }
    this.#wanted = wanted;
  }

  /**
   * The next request's end.
   * @param maxAppendBytes the most that the server takes at once, if it says so
   */
  endOf(offsetBytes: number, sizeBytes: number, maxAppendBytes = LARGEST_BYTES): number {
    const wanted = this.#ask();
    const bytes = Math.max(1, Math.min(wanted ?? this.#bytes, maxAppendBytes));
    const end = offsetBytes + bytes;
    // What came of a request that was cut isn't a multiple: the next brings it to one.
    const aligned = bytes >= PART_BYTES && wanted === undefined ? end - (end % PART_BYTES) : end;
    return Math.min(sizeBytes, aligned > offsetBytes ? aligned : end);
  }

  #ask(): number | undefined {
    const bytes = typeof this.#wanted === "function" ? this.#wanted() : this.#wanted;
    return bytes !== undefined && isBytes(bytes) ? bytes : undefined;
  }

  /** A request brought so much in this time. */
  measured(bytes: number, elapsedMs: number): void {
    // A short one, as a file's last is, tells of latency and of the server's work rather than of bandwidth.
    if (bytes < this.#bytes / 2) return;
    const wanted = (bytes / Math.max(1, elapsedMs)) * 1000 * TARGET_SECONDS;
    // At most doubled, so that one lucky request doesn't make the next a minute long.
    this.#set(Math.min(wanted, this.#bytes * 2));
  }

  /** A request was cut, or too long for what is between. */
  wasTooLong(): void {
    this.#set(this.#bytes / 2);
  }

  #set(bytes: number): void {
    const unit = bytes >= PART_BYTES ? PART_BYTES : SMALLEST_BYTES;
    this.#bytes = Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, bytes - (bytes % unit)));
  }
}
