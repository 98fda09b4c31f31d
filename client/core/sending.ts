import { newKey } from "./api/idempotency.ts";
import { takeTokens, type UploadContext } from "./context.ts";
import { isBodyTooLong } from "./failure.ts";
import type { Hold } from "./hold.ts";
import type { Place } from "./place.ts";
import { requireAccepted } from "./rule-source.ts";
import type { TokenSource } from "./tokens.ts";
import { ConnectionLost, createSend, FileUnreadable, type Send } from "./transport.ts";
import { append, createUpload, findStanding, type Standing } from "./tus.ts";
import type { UploadMeta } from "./types.ts";
import { unlessAborted } from "./wait.ts";

export interface TransferEvents {
  /** There is a new upload, of which the server has nothing. */
  onCreated(): void;
  onSent(bytes: number): void;
  /** The server has so many bytes. */
  onAccepted(offsetBytes: number): void;
}

interface SendingOptions {
  readonly file: File;
  readonly meta: UploadMeta;
  readonly context: UploadContext;
  readonly place: Place;
  readonly hold: Hold;
}

/** One attempt to send what the server hasn't. */
interface Attempt {
  readonly send: Send;
  readonly signal: AbortSignal;
  readonly events: TransferEvents;
}

/** Sends one file to where its place is, or makes that. */
export class Sending {
  readonly #options: SendingOptions;
  #tokens: TokenSource;
  #ahead: Promise<void> | undefined;
  #creating: Promise<Standing> | undefined;
  /** Of the upload that is made next: a creation whose answer was lost is sent again with it. */
  #creationKey = newKey();

  constructor(options: SendingOptions) {
    this.#options = options;
    this.#tokens = this.#takeTokens();
  }

  get tokens(): TokenSource {
    return this.#tokens;
  }

  #takeTokens(): TokenSource {
    const { context, file, meta, place } = this.#options;
    return takeTokens(context, file, meta, () => place.url !== undefined);
  }

  /** Whatever is sent next is another upload's. */
  leave(): void {
    this.#options.place.leave();
    this.#tokens = this.#takeTokens();
  }

  /**
   * Resolves when the server has all.
   * @throws what `createSend` and `tus.ts` throw
   */
  async send(signal: AbortSignal, events: TransferEvents): Promise<void> {
    let standing = await this.#stand(signal, events);
    const attempt = { send: this.#sender(signal), signal, events };
    while (standing.offsetBytes < this.#options.file.size) standing = await this.#append(standing, attempt);
  }

  /** Resolves when it is known what a creation came to that was under way. */
  async settled(): Promise<void> {
    await this.#creating?.catch(() => {});
  }

  async #stand(signal: AbortSignal, events: TransferEvents): Promise<Standing> {
    const { place, context } = this.#options;
    if (this.#creating !== undefined) await unlessAborted(this.settled(), signal);
    const { url } = place;
    if (url !== undefined) {
      const found = await findStanding(this.#sender(signal), url);
      if (found !== undefined && place.isOurs(found)) {
        events.onAccepted(found.offsetBytes);
        return found;
      }
      this.leave();
      // What another goes on with keeps its resume point.
      if (found === undefined) void context.store.remove(url);
    }
    return this.#create(signal, events);
  }

  /** What has been asked for is waited for, also by whoever pauses: else nobody would know of it. */
  async #create(signal: AbortSignal, events: TransferEvents): Promise<Standing> {
    const { file, meta, context, place } = this.#options;
    await requireAccepted(file, context.rules);
    // The rules may have taken long: another run may be about to make it by now.
    signal.throwIfAborted();
    const send = createSend({ ...this.#transport(signal), outlasts: true });
    const key = this.#creationKey;
    const creating = createUpload(send, context.scope.endpoint, file, meta, key).then((created) => {
      place.begin(created.url);
      this.#creationKey = newKey();
      return created;
    });
    this.#creating = creating;
    const done = () => {
      this.#creating = undefined;
    };
    creating.then(done, done);
    const standing = await unlessAborted(creating, signal);
    events.onCreated();
    return standing;
  }

  async #append({ offsetBytes, maxAppendBytes }: Standing, { send, signal, events }: Attempt) {
    const { file, context, place, hold } = this.#options;
    const end = context.chunks.endOf(offsetBytes, file.size, maxAppendBytes);
    await this.#writeDown(end, offsetBytes, signal);
    // The next request's digest is ready when this one is through.
    this.#ahead = place.prepare(2 * end - offsetBytes, signal);
    const sentAtMs = Date.now();
    const onSent = (bytes: number) => {
      events.onSent(offsetBytes + bytes);
      hold.tell({ kind: "sent", bytes: offsetBytes + bytes });
    };
    const body = file.slice(offsetBytes, end);
    const standing = await append(send, place.url ?? "", offsetBytes, body, onSent).catch(
      (error: unknown) => {
        const isTooLong = error instanceof ConnectionLost || isBodyTooLong(error);
        if (isTooLong && !signal.aborted) context.chunks.wasTooLong();
        throw error;
      },
    );
    if (standing.offsetBytes <= offsetBytes) throw new ConnectionLost("nothing was kept");
    context.chunks.measured(standing.offsetBytes - offsetBytes, Date.now() - sentAtMs);
    onSent(standing.offsetBytes - offsetBytes);
    events.onAccepted(standing.offsetBytes);
    return { ...standing, maxAppendBytes: standing.maxAppendBytes ?? maxAppendBytes };
  }

  async #writeDown(bytes: number, arrivedBytes: number, signal: AbortSignal): Promise<void> {
    const { place, hold } = this.#options;
    try {
      await this.#ahead;
      const point = await place.writeDown(bytes, arrivedBytes, signal);
      if (point === undefined) return;
      const { handle: _handle, ...plain } = point;
      hold.tell({ kind: "point", point: plain });
    } catch (cause) {
      signal.throwIfAborted();
      throw new FileUnreadable("", { cause });
    }
  }

  #transport(signal: AbortSignal) {
    const { stallTimeoutMs } = this.#options.context;
    return { tokens: this.#tokens, stallTimeoutMs, signal };
  }

  #sender(signal: AbortSignal): Send {
    return createSend(this.#transport(signal));
  }
}
