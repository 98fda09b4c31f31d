import { totalsOf, type UploadTotals } from "./totals.ts";
import type { UploadState } from "./types.ts";
import type { Upload } from "./upload.ts";

const PROGRESS_INTERVAL_MS = 100;

interface Entry {
  state: UploadState;
  readonly unsubscribe: () => void;
}

/** An uploader's uploads, and who watches them. What it gives out is replaced, never changed, so it compares by identity. */
export class UploadList {
  readonly #entries = new Map<Upload, Entry>();
  readonly #listeners = new Set<() => void>();
  #uploads: readonly Upload[] | undefined;
  #totals: UploadTotals | undefined;
  #willTell = false;
  #toldAtMs = 0;

  get uploads(): readonly Upload[] {
    this.#uploads ??= [...this.#entries.keys()];
    return this.#uploads;
  }

  get totals(): UploadTotals {
    this.#totals ??= totalsOf(this.uploads);
    return this.#totals;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(upload: Upload): void {
    this.#entries.set(upload, {
      state: upload.state,
      unsubscribe: upload.subscribe(() => this.#onChange(upload)),
    });
    this.#onListChange();
  }

  remove(upload: Upload): void {
    this.#entries.get(upload)?.unsubscribe();
    if (this.#entries.delete(upload)) this.#onListChange();
  }

  #onListChange(): void {
    this.#uploads = undefined;
    this.#tellSoon();
  }

  #onChange(upload: Upload): void {
    this.#totals = undefined;
    const entry = this.#entries.get(upload);
    const isProgress = entry?.state === upload.state;
    if (entry !== undefined) entry.state = upload.state;
    if (!isProgress || Date.now() - this.#toldAtMs >= PROGRESS_INTERVAL_MS) this.#tellSoon();
  }

  /** Once for all that happens in one go: a thousand files may be added in it. */
  #tellSoon(): void {
    this.#totals = undefined;
    if (this.#willTell) return;
    this.#willTell = true;
    queueMicrotask(() => {
      this.#willTell = false;
      this.#toldAtMs = Date.now();
      for (const listener of this.#listeners) listener();
    });
  }
}
