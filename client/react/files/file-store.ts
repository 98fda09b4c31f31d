import type { FileRecord } from "#contract/api.ts";
import type { BulkItem } from "#contract/file-changes.ts";
import type { BulkInput } from "#contract/inputs.ts";
import { ApiError } from "../../core/problem.ts";
import type { FilesApi, FilesQuery } from "./files-api.ts";

export type FilesPhase =
  /** Nothing is known yet. */
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  /** The next page, or all of it anew, is on its way; what is there stays. */
  | { readonly kind: "more" | "refreshing" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface FilesState {
  readonly files: readonly FileRecord[];
  readonly phase: FilesPhase;
  readonly hasMore: boolean;
}

/** What became of a change of many files. */
export interface ChangeOutcome {
  readonly done: readonly string[];
  readonly failed: readonly Extract<BulkItem, { ok: false }>[];
}

/** A list of files by pages, with changes that are shown before they are answered. */
export interface FileStore {
  readonly state: FilesState;
  readonly subscribe: (listener: () => void) => () => void;
  loadMore(): Promise<void>;
  /** Asks for all of it anew, as far as it was loaded; what is shown stays until it is there. */
  refresh(): Promise<void>;
  /** Asks for one file anew. One that isn't there any more leaves the list. */
  update(id: string): Promise<void>;
  /** Throws `ApiError` when the name can't be used; the old one is back by then. */
  rename(id: string, filename: string): Promise<void>;
  tag(ids: readonly string[], tags: readonly string[], action: "tag" | "untag"): Promise<ChangeOutcome>;
  /** Takes files out of the list: into the trash, out of it, or away for good. What can't be comes back. */
  take(action: "delete" | "restore" | "purge", ids: readonly string[]): Promise<ChangeOutcome>;
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

function replaceTags(file: FileRecord, tags: readonly string[], action: "tag" | "untag"): FileRecord {
  const others = file.tags.filter((tag) => !tags.includes(tag));
  return { ...file, tags: action === "tag" ? [...others, ...tags] : others };
}

export function createFileStore(api: FilesApi, query: FilesQuery): FileStore {
  return new PagedFiles(api, query);
}

class PagedFiles implements FileStore {
  readonly #api: FilesApi;
  readonly #query: FilesQuery;
  readonly #listeners = new Set<() => void>();
  #life = new AbortController();
  /** What was taken out, with where it was, while it may come back. */
  readonly #taken = new Map<string, { readonly file: FileRecord; readonly index: number }>();
  #state: FilesState = { files: [], phase: { kind: "loading" }, hasMore: false };
  /** What is on its way out: a list that is answered meanwhile may still have it. */
  readonly #leaving = new Set<string>();
  #cursor: string | undefined;
  /** Of the newest list: an older one's answer means nothing any more. */
  #turn = 0;

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
    const { files, phase } = this.#state;
    const isFirst = files.length === 0 && phase.kind !== "ready";
    this.#set({ phase: { kind: isFirst ? "loading" : "refreshing" } });
    const limit = Math.min(PAGE_SIZE, Math.max(FIRST_PAGE_SIZE, files.length));
    await this.#load({ limit }, { before: () => [], behind: (shown) => shown.slice(limit) });
  }

  async loadMore(): Promise<void> {
    const { kind } = this.#state.phase;
    if (this.#cursor === undefined || (kind !== "ready" && kind !== "failed")) return;
    this.#set({ phase: { kind: "more" } });
    await this.#load(
      { limit: PAGE_SIZE, cursor: this.#cursor },
      { before: (files) => files, behind: () => [] },
    );
  }

  async update(id: string): Promise<void> {
    try {
      const file = await this.#api.get(id, { signal: this.#life.signal });
      this.#change((files) => files.map((each) => (each.id === id ? file : each)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem.status !== 404) throw error;
      this.#change((files) => files.filter((each) => each.id !== id));
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

  async take(action: "delete" | "restore" | "purge", ids: readonly string[]): Promise<ChangeOutcome> {
    for (const id of ids) this.#leaving.add(id);
    this.#takeOut(new Set(ids));
    try {
      return await this.#reconcile({ action, fileIds: ids }, (failed) => this.#bringBack(failed));
    } finally {
      for (const id of ids) this.#leaving.delete(id);
    }
  }

  async putBack(ids: readonly string[]): Promise<ChangeOutcome> {
    this.#bringBack(new Set(ids));
    return this.#reconcile({ action: "restore", fileIds: ids }, (failed) => this.#takeOut(failed));
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

  /** @param keep what of the files there are stays before and behind those that come */
  async #load(
    page: { readonly limit: number; readonly cursor?: string },
    keep: { readonly before: Change; readonly behind: Change },
  ): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const { signal } = this.#life;
    try {
      const { items, nextCursor } = await this.#api.list({ ...this.#query, ...page }, { signal });
      if (turn !== this.#turn) return;
      const before = keep.before(this.#state.files);
      const known = new Set([...before.map(({ id }) => id), ...this.#leaving]);
      const come = items.filter(({ id }) => !known.has(id));
      const told = new Set(items.map(({ id }) => id));
      const behind =
        nextCursor === null ? [] : keep.behind(this.#state.files).filter(({ id }) => !told.has(id));
      // What was loaded behind a first page goes on from where it had come.
      if (behind.length === 0) this.#cursor = nextCursor ?? undefined;
      const files = [...before, ...come, ...behind];
      this.#set({ files, phase: { kind: "ready" }, hasMore: this.#cursor !== undefined });
    } catch (error) {
      if (turn === this.#turn && !signal.aborted) this.#set({ phase: { kind: "failed", error } });
    }
  }

  #takeOut(ids: ReadonlySet<string>): void {
    for (const [index, file] of this.#state.files.entries()) {
      if (ids.has(file.id)) this.#taken.set(file.id, { file, index });
    }
    this.#change((files) => files.filter(({ id }) => !ids.has(id)));
  }

  #bringBack(ids: ReadonlySet<string>): void {
    const back = [...ids].flatMap((id) => this.#taken.get(id) ?? []);
    for (const { file } of back) this.#taken.delete(file.id);
    this.#change((files) => {
      const next = [...files];
      for (const { file, index } of back.toSorted((one, other) => one.index - other.index)) {
        next.splice(index, 0, file);
      }
      return next;
    });
  }

  #merge(id: string, changes: Partial<FileRecord>): void {
    this.#change((files) => files.map((file) => (file.id === id ? { ...file, ...changes } : file)));
  }

  #change(change: Change): void {
    this.#set({ files: change(this.#state.files) });
  }

  #set(changes: Partial<FilesState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }
}
