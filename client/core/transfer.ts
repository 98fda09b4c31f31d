import { takeTokens, type UploadContext } from "./context.ts";
import { PrefixDigest, proveBeginning } from "./digest.ts";
import { discardUpload } from "./discard.ts";
import { isBodyTooLong } from "./failure.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { ResumePoint } from "./resume-store.ts";
import { requireAccepted } from "./rule-source.ts";
import { openSightings, type Sighting } from "./sightings.ts";
import type { TokenSource } from "./tokens.ts";
import { ConnectionLost, createSend, FileUnreadable, type Send } from "./transport.ts";
import { append, createUpload, findStanding, type Standing } from "./tus.ts";
import type { UploadMeta } from "./types.ts";

export interface TransferEvents {
  /** There is a new upload, of which the server has nothing. */
  onCreated(): void;
  onSent(bytes: number): void;
  /** The server has so many bytes. */
  onAccepted(offsetBytes: number): void;
}

export interface TransferOrigin {
  readonly handle?: FileSystemFileHandle | undefined;
  /** Of an earlier visit: the file is to go on from there, if it is the same. */
  readonly point?: ResumePoint | undefined;
  /** Of the file, as far as that was proved already. */
  readonly digest?: PrefixDigest | undefined;
}

/**
 * Where one file is on the server, and what is known of the bytes that it has there. It outlives runs and pauses, and by its
 * resume point the page. Nothing is sent on to an upload whose bytes aren't proved to be this file's beginning.
 */
export class Transfer {
  readonly #file: File;
  readonly #meta: UploadMeta;
  readonly #context: UploadContext;
  readonly #handle: FileSystemFileHandle | undefined;
  #tokens: TokenSource;
  /** Undefined: this upload is not to be resumed after a reload. */
  #fingerprint: string | undefined;
  /** From an earlier visit or another tab, not proved to be of this file yet. */
  #offered: ResumePoint | undefined;
  #digest: PrefixDigest;
  #ahead: Promise<void> | undefined;
  #url: string | undefined;
  #startedAtMs = 0;
  #tell: (sighting: Sighting) => void = () => {};

  constructor(
    file: File,
    meta: UploadMeta,
    context: UploadContext,
    { handle, point, digest }: TransferOrigin,
  ) {
    this.#file = file;
    this.#meta = meta;
    this.#context = context;
    this.#handle = handle ?? point?.handle;
    this.#offered = point;
    this.#digest = digest ?? new PrefixDigest(file);
    this.#tokens = this.#takeTokens();
  }

  get url(): string | undefined {
    return this.#url;
  }

  #takeTokens(): TokenSource {
    return takeTokens(this.#context, this.#file, this.#meta, () => this.#url !== undefined);
  }

  /**
   * Resolves true when nobody else sends this file, until `signal` aborts; false when that aborts first. Rejects when the
   * file can't be read.
   * @param onTaken called once if another sends it
   * @param onSighting what that one tells
   */
  async claim(
    signal: AbortSignal,
    onTaken: () => void,
    onSighting: (sighting: Sighting) => void,
  ): Promise<boolean> {
    const { access, scope, claims } = this.#context;
    // Nobody has its grant after a reload.
    if (access.kind === "grants") return true;
    this.#fingerprint ??= this.#offered?.fingerprint ?? (await fingerprintOf(this.#file, this.#meta, scope));
    if (this.#fingerprint === undefined) return true;
    this.#tell = openSightings(this.#fingerprint, signal, (sighting) => {
      if (sighting.kind === "point") this.#offered = sighting.point;
      onSighting(sighting);
    });
    return claims.hold(this.#fingerprint, signal, onTaken);
  }

  /** Settles which upload this one goes on with, if any. Rejects as `PrefixDigest.cover` does. */
  async findPlace(signal: AbortSignal): Promise<void> {
    if (this.#fingerprint === undefined) return;
    const stored = await this.#context.store.find(this.#fingerprint);
    const offered = this.#offered === undefined ? [] : [this.#offered];
    const known = stored.filter(({ url }) => this.#url === undefined || url === this.#url);
    // What is stored is further than what was offered before.
    const points = [...known.filter(({ url }) => url === this.#offered?.url), ...offered, ...known];
    this.#offered = undefined;
    for (const point of points) {
      if (await this.#take(point, signal)) return;
    }
    // An upload of its own, whosever claim it has.
    if (offered.length > 0)
      this.#fingerprint = await fingerprintOf(this.#file, this.#meta, this.#context.scope);
  }

  async #take(point: ResumePoint, signal: AbortSignal): Promise<boolean> {
    if (point.sizeBytes !== this.#file.size) return false;
    const { bytes, digest } = this.#digest.covered;
    const isKnown =
      point.url === this.#url ? point.covered.bytes <= bytes : bytes > 0 && point.covered.digest === digest;
    const proved = isKnown ? this.#digest : await proveBeginning(this.#file, point.covered, signal);
    if (proved === undefined) return false;
    this.#digest = proved;
    this.#url = point.url;
    this.#startedAtMs = point.startedAtMs;
    return true;
  }

  /**
   * Sends what the server hasn't, and resolves when it has all.
   * @throws what `createSend` and `tus.ts` throw
   */
  async send(signal: AbortSignal, events: TransferEvents): Promise<void> {
    let standing = await this.#stand(signal, events);
    const send = this.#sender(signal);
    while (standing.offsetBytes < this.#file.size) {
      standing = await this.#append(send, standing, signal, events);
    }
    if (this.#fingerprint !== undefined) await this.#context.store.remove(this.#url ?? "");
  }

  async #stand(signal: AbortSignal, events: TransferEvents): Promise<Standing> {
    const { scope } = this.#context;
    const found = this.#url === undefined ? undefined : await findStanding(this.#sender(signal), this.#url);
    if (found !== undefined && this.#isOurs(found)) {
      events.onAccepted(found.offsetBytes);
      return found;
    }
    if (this.#url !== undefined) this.forget();
    await requireAccepted(this.#file, this.#context.rules);
    const created = await createUpload(this.#sender(signal), scope.endpoint, this.#file, this.#meta);
    this.#url = created.url;
    this.#startedAtMs = Date.now();
    events.onCreated();
    return created;
  }

  /** What went beyond what is covered was sent by another, who may have had another file. */
  #isOurs({ offsetBytes, lengthBytes = this.#file.size }: Standing): boolean {
    if (lengthBytes !== this.#file.size || offsetBytes > lengthBytes) return false;
    return this.#fingerprint === undefined || offsetBytes <= this.#digest.covered.bytes;
  }

  async #append(
    send: Send,
    { offsetBytes, maxAppendBytes }: Standing,
    signal: AbortSignal,
    events: TransferEvents,
  ) {
    const { chunks } = this.#context;
    const end = chunks.endOf(offsetBytes, this.#file.size, maxAppendBytes);
    await this.#writeDown(end, signal);
    // The next request's digest is ready when this one is through.
    this.#ahead = this.#digest.cover(2 * end - offsetBytes, signal).catch(() => {});
    const sentAtMs = Date.now();
    const onSent = (bytes: number) => {
      events.onSent(offsetBytes + bytes);
      this.#tell({ kind: "sent", bytes: offsetBytes + bytes });
    };
    const body = this.#file.slice(offsetBytes, end);
    const standing = await append(send, this.#url ?? "", offsetBytes, body, onSent).catch(
      (error: unknown) => {
        const isTooLong = error instanceof ConnectionLost || isBodyTooLong(error);
        if (isTooLong && !signal.aborted) chunks.wasTooLong();
        throw error;
      },
    );
    if (standing.offsetBytes <= offsetBytes) throw new ConnectionLost("nothing of the request was kept");
    chunks.measured(standing.offsetBytes - offsetBytes, Date.now() - sentAtMs);
    onSent(standing.offsetBytes - offsetBytes);
    events.onAccepted(standing.offsetBytes);
    return { ...standing, maxAppendBytes: standing.maxAppendBytes ?? maxAppendBytes };
  }

  /** Before it is sent: so the server never has more than is written down. */
  async #writeDown(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#fingerprint === undefined) return;
    try {
      await this.#ahead;
      await this.#digest.cover(bytes, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new FileUnreadable("", { cause });
    }
    const point = this.#point(this.#fingerprint);
    await this.#context.store.save(point);
    const { handle: _handle, ...plain } = point;
    this.#tell({ kind: "point", point: plain });
  }

  #point(fingerprint: string): ResumePoint {
    return {
      url: this.#url ?? "",
      scope: this.#context.scope,
      fingerprint,
      filename: this.#file.name,
      sizeBytes: this.#file.size,
      meta: this.#meta,
      startedAtMs: this.#startedAtMs,
      covered: this.#digest.covered,
      handle: this.#handle,
    };
  }

  #sender(signal: AbortSignal): Send {
    const { stallTimeoutMs } = this.#context;
    return createSend({ tokens: this.#tokens, stallTimeoutMs, signal });
  }

  /** The server has nothing of it any more, or won't take it: the next attempt begins anew. */
  forget(): void {
    const url = this.#url;
    this.#url = undefined;
    this.#offered = undefined;
    this.#tokens = this.#takeTokens();
    if (url !== undefined) void this.#context.store.remove(url);
  }

  /** Tells the other tabs that it is over, before the claim ends. */
  giveUp(): void {
    this.#tell({ kind: "aborted" });
  }

  /** Forgets it here and deletes what the server has. Never rejects: what can't be deleted now expires there. */
  async discard(): Promise<void> {
    const url = this.#url ?? this.#offered?.url;
    if (url === undefined) return;
    await this.#context.store.remove(url);
    await discardUpload(url, { ...this.#context, tokens: this.#tokens });
  }
}
