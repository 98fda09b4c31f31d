/** What came of reading on in a request's body. A client that goes away is data here, not an exception. */
export type BodyEvent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "cut" };

/** Measured: larger reads save little, smaller ones cost a wake-up of JavaScript each. */
const SCRATCH_BYTES = 256 * 1024;
/** A reader that is to leave takes what comes within this of the last bytes, … */
const LEAVING_IDLE_MS = 100;
/** … for this long in all: whoever waits for it must be answered within 1.5 s (R4). */
const LEAVING_LIMIT_MS = 500;

/**
 * Reads a request's body through one scratch buffer, at a native stream's cost: the bytes of an event are valid until
 * the next read.
 */
export class BodySource {
  readonly #reader: ReadableStreamBYOBReader | undefined;
  #scratch = new ArrayBuffer(SCRATCH_BYTES);
  #cut = false;
  #leaving: { idle: ReturnType<typeof setTimeout>; readonly last: ReturnType<typeof setTimeout> } | undefined;

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader({ mode: "byob" });
  }

  /** Whether reading was ended from here: the body didn't end, and its client may still be there. */
  get wasCut(): boolean {
    return this.#cut;
  }

  async read(): Promise<BodyEvent> {
    const event = await this.#readOn();
    if (this.#leaving === undefined) return event;
    clearTimeout(this.#leaving.idle);
    if (event.kind === "bytes") this.#leaving.idle = setTimeout(() => this.cut(), LEAVING_IDLE_MS);
    else clearTimeout(this.#leaving.last);
    return event;
  }

  /** Ends a pending read, and all later ones, with `cut`. The client's connection is told that nobody reads on. */
  cut(): void {
    this.#cut = true;
    this.#reader?.cancel().catch(() => {});
  }

  /**
   * Cuts as soon as nothing more comes: bytes that were on their way before somebody asked for the upload needn't be
   * sent again. A client that goes on sending is cut after a bounded time.
   */
  leave(): void {
    this.#leaving ??= {
      idle: setTimeout(() => this.cut(), LEAVING_IDLE_MS),
      last: setTimeout(() => this.cut(), LEAVING_LIMIT_MS),
    };
  }

  async #readOn(): Promise<BodyEvent> {
    if (this.#reader === undefined) return { kind: "end" };
    try {
      // `read`, not `readAtLeast`: when the client goes, that one takes with it whatever it had gathered.
      const { done, value } = await this.#reader.read(new Uint8Array(this.#scratch));
      if (value !== undefined) this.#scratch = value.buffer;
      if (this.#cut) return { kind: "cut" };
      if (done) return { kind: "end" };
      return { kind: "bytes", bytes: value };
    } catch {
      // A request body fails in one way only: its client is gone, or was cut from here.
      return { kind: "cut" };
    }
  }
}
