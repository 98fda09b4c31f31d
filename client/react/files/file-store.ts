import type { FileRecord } from "#contract/api.ts";
import type { BulkInput } from "#contract/inputs.ts";
import type { FileList } from "#contract/listing.ts";
import { ApiError } from "../../core/problem.ts";
import { type ChangeOutcome, type FilesState, replaceTags, standingBehind } from "./file-pages.ts";
import type { FilesApi, FilesQuery } from "./files-api.ts";
import { type TakeAction, TakenFiles, takeInput } from "./taken-files.ts";

/** A list of files by pages, with changes that are shown before they are answered. */
export interface FileStore {
  readonly state: FilesState;
  readonly subscribe: (listener: () => void) => () => void;
  loadMore(): Promise<void>;
  /** Asks for its beginning anew; what is shown stays until it is there. All who call while it is waited for share one. */
  refresh(): Promise<void>;
  /** Takes out what is known to be gone, by whomever it was taken. */
  drop(ids: ReadonlySet<string>): void;
  /** Asks for one file anew. One that isn't there any more leaves the list. */
  update(id: string): Promise<void>;
  /** Throws `ApiError` when the name can't be used; the old one is back by then. */
  rename(id: string, filename: string): Promise<void>;
  tag(ids: readonly string[], tags: readonly string[], action: "tag" | "untag"): Promise<ChangeOutcome>;
  /** Takes files out of the list: into the trash, or out of it, back or for good. What can't be comes back. */
  take(action: TakeAction, ids: readonly string[]): Promise<ChangeOutcome>;
  /** Undoes `take` of "delete": they are where they were. */
  putBack(ids: readonly string[]): Promise<ChangeOutcome>;
  /** Begins; what is returned ends it, with what is asked for. May be begun again. */
  open(): () => void;
}

/** What comes first comes soon. */
const FIRST_PAGE_SIZE = 100;
/** As many as the API gives at a time. */
const PAGE_SIZE = 200;

type Change = (files: readonly FileRecord[]) => readonly FileRecord[];

export function createFileStore(api: FilesApi, query: FilesQuery): FileStore {
  return new PagedFiles(api, query);
}

class PagedFiles implements FileStore {
  readonly #api: FilesApi;
  readonly #query: FilesQuery;
  readonly #listeners = new Set<() => void>();
  #life = new AbortController();
  readonly #taken = new TakenFiles();
  #state: FilesState = { files: [], phase: { kind: "loading" }, hasMore: false };
  #cursor: string | undefined;
  /** Pages are asked for one after the other, so that each answer is shown. */
  #lastPage: Promise<void> = Promise.resolve();
  #isAsking = false;
  #answers = 0;
  /** A refresh that waits for its turn. */
  #due: Promise<void> | undefined;

  constructor(api: FilesApi, query: FilesQuery) {
    this.#api = api;
    this.#query = query;
  }

  get state(): FilesState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  open(): () => void {
    this.#life = new AbortController();
    void this.refresh();
    return () => this.#life.abort();
  }

  async refresh(): Promise<void> {
    this.#due ??= this.#inTurn(() => {
      this.#due = undefined;
      return this.#reload();
    });
    return this.#due;
  }

  async loadMore(): Promise<void> {
    const { kind } = this.#state.phase;
    if (this.#cursor === undefined || (kind !== "ready" && kind !== "failed")) return;
    this.#set({ phase: { kind: "more" } });
    await this.#inTurn(() => this.#loadNext());
  }

  drop(ids: ReadonlySet<string>): void {
    this.#change((files) => files.filter(({ id }) => !ids.has(id)));
    // The answer that is on its way may still have them.
    if (this.#isAsking) void this.refresh();
  }

  async update(id: string): Promise<void> {
    try {
      const file = await this.#api.get(id, { signal: this.#life.signal });
      this.#change((files) => files.map((each) => (each.id === id ? file : each)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem.status !== 404) throw error;
      this.drop(new Set([id]));
    }
  }

  async rename(id: string, filename: string): Promise<void> {
    const before = this.#state.files.find((file) => file.id === id);
    this.#merge(id, { filename });
    try {
      this.#merge(id, await this.#api.edit(id, { filename }));
    } catch (error) {
      if (before !== undefined) this.#merge(id, { filename: before.filename });
      throw error;
    }
  }

  async tag(
    ids: readonly string[],
    tags: readonly string[],
    action: "tag" | "untag",
  ): Promise<ChangeOutcome> {
    const before = new Map(this.#state.files.map((file) => [file.id, file.tags]));
    const revert = (failed: ReadonlySet<string>) =>
      this.#change((files) =>
        files.map((file) => (failed.has(file.id) ? { ...file, tags: before.get(file.id) ?? [] } : file)),
      );
    const chosen = new Set(ids);
    this.#change((files) =>
      files.map((file) => (chosen.has(file.id) ? replaceTags(file, tags, action) : file)),
    );
    return this.#reconcile({ action, fileIds: ids, tags }, revert);
  }

  async take(action: TakeAction, ids: readonly string[]): Promise<ChangeOutcome> {
    const settle = this.#taken.leave(ids);
    // What is behind them is asked for when they are gone: until then the answer would have them.
    this.#set({ files: this.#taken.takeOut(this.#state.files, new Set(ids)) });
    try {
      return await this.#reconcile(takeInput(action, ids), (failed) => this.#bringBack(failed));
    } finally {
      // What was asked for before it was done may have them still.
      void this.#lastPage.then(settle);
      this.#refreshIfBare();
    }
  }

  async putBack(ids: readonly string[]): Promise<ChangeOutcome> {
    const answersBefore = this.#answers;
    this.#bringBack(new Set(ids));
    try {
      return await this.#reconcile({ action: "restore", fileIds: ids }, (failed) =>
        this.#change((files) => this.#taken.takeOut(files, failed)),
      );
    } finally {
      // What was asked for before it was done may not have them yet.
      if (this.#isAsking || this.#answers > answersBefore) void this.refresh();
    }
  }

  /** Asks for a change that is shown already; `revert` shows again how it was, for those that it wasn't done to. */
  async #reconcile(change: BulkInput, revert: (failed: ReadonlySet<string>) => void): Promise<ChangeOutcome> {
    try {
      const items = await this.#api.change(change);
      const failed = items.flatMap((item) => (item.ok ? [] : [item]));
      if (failed.length > 0) revert(new Set(failed.map(({ fileId }) => fileId)));
      return { failed, done: items.filter(({ ok }) => ok).map(({ fileId }) => fileId) };
    } catch (error) {
      revert(new Set(change.fileIds));
      // Whether it was done isn't known, or of some of many.
      void this.refresh();
      throw error;
    }
  }

  /** Where all that was shown is gone, and there may be others behind it. */
  #refreshIfBare(): void {
    if (this.#state.files.length === 0 && this.#cursor !== undefined) void this.refresh();
  }

  #inTurn(load: () => Promise<void>): Promise<void> {
    this.#lastPage = this.#lastPage.then(load);
    return this.#lastPage;
  }

  async #reload(): Promise<void> {
    const { files: known, phase } = this.#state;
    const isFirst = known.length === 0 && phase.kind !== "ready";
    this.#set({ phase: { kind: isFirst ? "loading" : "refreshing" } });
    const page = await this.#ask({ limit: Math.min(PAGE_SIZE, Math.max(FIRST_PAGE_SIZE, known.length)) });
    if (page === undefined) return;
    const { items, nextCursor } = page;
    const behind = nextCursor === null ? [] : standingBehind(this.#state.files, items);
    // What was loaded behind a first page goes on from where it had come.
    if (behind.length === 0) this.#cursor = nextCursor ?? undefined;
    this.#show([...items, ...behind]);
  }

  async #loadNext(): Promise<void> {
    if (this.#cursor === undefined) return;
    this.#set({ phase: { kind: "more" } });
    const page = await this.#ask({ limit: PAGE_SIZE, cursor: this.#cursor });
    if (page === undefined) return;
    const { files: before } = this.#state;
    const known = new Set(before.map(({ id }) => id));
    this.#cursor = page.nextCursor ?? undefined;
    this.#show([...before, ...page.items.filter(({ id }) => !known.has(id))]);
  }

  /** A page; undefined where there is none, which is told. */
  async #ask(page: { readonly limit: number; readonly cursor?: string }): Promise<FileList | undefined> {
    const { signal } = this.#life;
    this.#isAsking = true;
    try {
      const answer = await this.#api.list({ ...this.#query, ...page }, { signal });
      return signal.aborted ? undefined : answer;
    } catch (error) {
      if (!signal.aborted) this.#set({ phase: { kind: "failed", error } });
      return undefined;
    } finally {
      this.#isAsking = false;
      this.#answers += 1;
    }
  }

  #show(files: readonly FileRecord[]): void {
    const staying = this.#taken.stayingOf(files);
    this.#set({ files: staying, phase: { kind: "ready" }, hasMore: this.#cursor !== undefined });
  }

  #bringBack(ids: ReadonlySet<string>): void {
    this.#change((files) => this.#taken.bringBack(files, ids));
  }

  #merge(id: string, changes: Partial<FileRecord>): void {
    this.#change((files) => files.map((file) => (file.id === id ? { ...file, ...changes } : file)));
  }

  #change(change: Change): void {
    this.#set({ files: change(this.#state.files) });
    this.#refreshIfBare();
  }

  #set(changes: Partial<FilesState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}
