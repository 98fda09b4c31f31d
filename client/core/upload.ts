import { Attempts } from "./attempts.ts";
import { fileIdOf, type UploadContext, versionOf } from "./context.ts";
import { localProblem } from "./problem.ts";
import type { Sighting } from "./sightings.ts";
import { Status } from "./status.ts";
import { Transfer, type TransferOrigin } from "./transfer.ts";
import { takeTurn, type TurnSignals } from "./turn.ts";
import type { UploadMeta, UploadProgress, UploadState } from "./types.ts";
import { type Uploaded, verifyUploaded } from "./verification.ts";

/** How one file is to be sent. */
export interface UploadOptions {
  /** Those of a higher one get their turn first; 0 where it isn't said. */
  readonly priority?: number;
  /** By which the file is found again on the next visit, without being chosen. */
  readonly handle?: FileSystemFileHandle | undefined;
  /**
   * Whether it is uploaded only when the server's SHA-256 is the file's own. Not with an upload's grant, which may not ask.
   */
  readonly verify?: boolean;
  /** Whether it waits as `duplicate` where a file that its user may see has the same bytes. As the uploader's. */
  readonly findDuplicates?: boolean | undefined;
}

/** Why all that belongs to a run stops. One for all: where thousands stop at once, making one for each is what takes long. */
const ENDED = new Error("the run has ended");

/** States in which there is nothing to give up. */
const OVER: ReadonlySet<UploadState["kind"]> = new Set(["verifying", "uploaded", "refused", "aborted"]);

/** What one run has, until it ends. */
class Run {
  readonly claim = new AbortController();
  readonly slot = new AbortController();

  get signals(): TurnSignals {
    return { claim: this.claim.signal, slot: this.slot.signal };
  }

  end(): void {
    this.slot.abort(ENDED);
    this.claim.abort(ENDED);
  }
}

/**
 * One file on its way. A *run* lasts from `start()` or `resume()` until it is paused or over, and holds a slot while it
 * sends; it has one attempt after another until one comes through. Everything that belongs to a run or an attempt ends with
 * its AbortSignal, so nothing late can touch the state.
 */
export class Upload {
  readonly file: File;
  readonly meta: UploadMeta;
  /** May be changed while it waits. */
  priority: number;
  readonly #context: UploadContext;
  readonly #transfer: Transfer;
  readonly #status: Status;
  readonly #listeners = new Set<(upload: Upload) => void>();
  readonly #verify: boolean;
  /** Until it was found to have no duplicate, or is to be sent all the same. */
  #mayBeDuplicate: boolean;
  /** Where all of it is, however it was paused or failed since. */
  #sentTo: string | undefined;
  #run: Run | undefined;
  #attempts: Attempts | undefined;

  constructor(
    file: File,
    meta: UploadMeta,
    context: UploadContext,
    { priority = 0, verify = false, findDuplicates, ...origin }: UploadOptions & TransferOrigin = {},
  ) {
    this.file = file;
    this.meta = meta;
    if (verify && context.access.kind === "grants") throw new TypeError("a grant can't ask for a digest");
    this.priority = priority;
    this.#verify = verify;
    // What an earlier visit has begun is wanted.
    this.#mayBeDuplicate = (findDuplicates ?? context.findDuplicates) && origin.point === undefined;
    this.#context = context;
    this.#transfer = new Transfer(file, meta, context, origin);
    this.#status = new Status(file.size, () => {
      for (const listener of this.#listeners) listener(this);
    });
  }

  /** The file's id; undefined until the server has created the upload. */
  get id(): string | undefined {
    const { url } = this.#transfer;
    return url === undefined ? undefined : fileIdOf(url);
  }

  /** The id of what it is on, or of an earlier visit's upload that it will go on with where the file is the same. */
  get continuesId(): string | undefined {
    const { knownUrl } = this.#transfer;
    return knownUrl === undefined ? undefined : fileIdOf(knownUrl);
  }

  get state(): UploadState {
    return this.#status.state;
  }

  get progress(): UploadProgress {
    return this.#status.progress;
  }

  /** Calls `listener` after each change of state, and on progress at most ten times a second. Returns its end. */
  subscribe(listener: (upload: Upload) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins, or waits for its turn. */
  start(): void {
    if (this.state.kind === "waiting" && this.#run === undefined) this.#begin();
  }

  /** Stops sending; what the server has stays there. */
  pause(): void {
    if (this.#run !== undefined) this.#end({ kind: "paused" });
  }

  /** Goes on after a pause or a failure, at once where it would wait before trying again, and though there is a duplicate. */
  resume(): void {
    const { kind } = this.state;
    if (kind === "paused" || kind === "failed" || kind === "duplicate") this.#begin();
    if (kind === "retrying" || kind === "offline") this.#attempts?.retryNow();
  }

  /**
   * Gives up for good and deletes what was sent, here and on the server; what another tab sends, stays, and so does what is
   * all sent: that is a file by now, also where it is verified or that was paused. Never rejects.
   */
  async abort(): Promise<void> {
    const { kind } = this.state;
    if (OVER.has(kind)) return;
    if (kind === "elsewhere" || this.#isAllSent) return this.#end({ kind: "aborted" });
    this.#transfer.giveUp();
    this.#attempts?.stop();
    const run = this.#run;
    this.#run = undefined;
    this.#show({ kind: "aborted" });
    run?.slot.abort(ENDED);
    // Else not before it is deleted: another tab that waits for this file would begin it again.
    if (!this.#transfer.isHeld) run?.claim.abort(ENDED);
    await this.#transfer.discard();
    run?.claim.abort(ENDED);
  }

  get #isAllSent(): boolean {
    return this.#sentTo !== undefined && this.#sentTo === this.#transfer.url;
  }

  #begin(): void {
    const run = new Run();
    this.#run = run;
    this.#status.set({ kind: "waiting" });
    void this.#prepare(run);
  }

  #end(state: UploadState): void {
    this.#run?.end();
    this.#run = undefined;
    this.#show(state);
  }

  #show(state: UploadState): void {
    this.#status.rest();
    this.#status.set(state);
  }

  /** Whether it goes on: nobody has the same bytes, or wasn't asked in time. */
  async #isWanted(run: Run): Promise<boolean> {
    const { findDuplicate } = this.#context;
    if (!this.#mayBeDuplicate || findDuplicate === undefined) return true;
    const { file, meta } = this;
    const isCurrent = () => this.#run === run;
    const onBegin = () => isCurrent() && this.#status.set({ kind: "hashing" });
    const { signal } = run.slot;
    const of = await findDuplicate({ file, meta, signal, priority: () => this.priority, onBegin });
    if (!isCurrent()) return false;
    this.#mayBeDuplicate = false;
    if (of === undefined) this.#status.set({ kind: "waiting" });
    else this.#end({ kind: "duplicate", of });
    return of === undefined;
  }

  async #prepare(run: Run): Promise<void> {
    if (!(await this.#isWanted(run))) return;
    const isCurrent = () => this.#run === run;
    const turn = {
      transfer: this.#transfer,
      slots: this.#context.slots,
      priority: () => this.priority,
      onState: (kind: "waiting" | "hashing" | "elsewhere") => isCurrent() && this.#status.set({ kind }),
      onSighting: (sighting: Sighting) => this.#onSighting(sighting),
    };
    try {
      if (!(await takeTurn(turn, run.signals)) || !isCurrent()) return;
    } catch {
      if (isCurrent()) this.#end({ kind: "failed", problem: localProblem("FILE_UNREADABLE") });
      return;
    }
    this.#attempts = new Attempts({
      transfer: this.#transfer,
      context: this.#context,
      status: this.#status,
      signal: run.slot.signal,
      onDone: () => this.#onDone(),
      onEnd: (state) => this.#end(state),
    });
    this.#context.awake.persistFor(this.file.size);
    this.#attempts.start();
  }

  #onSighting(sighting: Sighting): void {
    if (this.state.kind !== "elsewhere") return;
    if (sighting.kind === "sent") this.#status.sent(sighting.bytes);
    if (sighting.kind === "aborted") this.#end({ kind: "aborted" });
  }

  #onDone(): void {
    this.#status.sent(this.file.size);
    this.#sentTo = this.#transfer.url ?? "";
    const uploaded = { fileId: fileIdOf(this.#sentTo), version: versionOf(this.#sentTo) };
    if (this.#verify) void this.#compare(uploaded);
    else this.#end({ kind: "uploaded", ...uploaded });
  }

  /** With neither a slot nor the claim: it may take as long as the check for viruses. */
  async #compare(uploaded: Uploaded): Promise<void> {
    const { access } = this.#context;
    if (access.kind === "grants") return;
    this.#end({ kind: "verifying", ...uploaded });
    const run = new Run();
    this.#run = run;
    const { signal } = run.slot;
    const problem = await verifyUploaded(this.#context, access.tokens, this, uploaded, signal);
    if (signal.aborted) return;
    if (problem?.code === "DIGEST_MISMATCH") this.#transfer.forget();
    this.#end(problem === undefined ? { kind: "uploaded", ...uploaded } : { kind: "failed", problem });
  }
}
