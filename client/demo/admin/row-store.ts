export interface RowsPage<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

export interface PagePlace {
  /** Of the first page there is none. */
  readonly cursor?: string;
}

export interface RowSource<Row> {
  load(place: PagePlace, signal: AbortSignal): Promise<RowsPage<Row>>;
  keyOf(row: Row): string;
}

/** A list of the server's, as far as it is known. */
export interface RowsState<Row> {
  readonly phase: "loading" | "known" | "more" | "failed";
  readonly rows: readonly Row[];
  /** Behind which the next page is; null at the end. */
  readonly nextCursor: string | null;
  /** Why it couldn't be asked for, where `phase` is "failed". */
  readonly error?: unknown;
}

/** A list page by page, the newest first; asked for anew, what was loaded further down stays. */
export class RowStore<Row> {
  state: RowsState<Row> = { phase: "loading", rows: [], nextCursor: null };
  readonly #source: RowSource<Row>;
  readonly #listeners = new Set<() => void>();
  /** Of each question that isn't answered yet, the keys of what was taken off since it was asked. */
  readonly #asking = new Set<Set<string>>();
  #life = new AbortController();

  constructor(source: RowSource<Row>) {
    this.#source = source;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): RowsState<Row> => this.state;

  /** Asks for the first page; what is returned ends what is still asked for. */
  open(): () => void {
    this.#life = new AbortController();
    void this.refresh();
    return () => this.#life.abort();
  }

  readonly refresh = async (): Promise<void> => {
    await this.#ask({}, (page) => {
      const behind = this.#standingBehind(page);
      // Of a list that more than a page is known of, the end is further down.
      const nextCursor = behind.length > 0 ? this.state.nextCursor : page.nextCursor;
      return { rows: this.#merge(page.items, behind), nextCursor };
    });
  };

  readonly loadMore = async (): Promise<void> => {
    const { nextCursor: cursor } = this.state;
    if (cursor === null) return;
    this.#set({ ...this.state, phase: "more" });
    await this.#ask({ cursor }, ({ items, nextCursor }) => ({
      rows: this.#merge(this.state.rows, items),
      nextCursor,
    }));
  };

  /** Takes one off that isn't there any more. */
  remove(row: Row): void {
    const key = this.#source.keyOf(row);
    // The answer to a question from before still has it.
    for (const gone of this.#asking) gone.add(key);
    const rows = this.state.rows.filter((each) => this.#source.keyOf(each) !== key);
    this.#set({ ...this.state, rows });
    // Else a page would seem to be the end of the list.
    if (rows.length === 0) void this.loadMore();
  }

  /** Forgets all that is known, and asks anew. */
  readonly reload = async (): Promise<void> => {
    this.#set({ phase: "loading", rows: [], nextCursor: null });
    await this.refresh();
  };

  async #ask(
    place: PagePlace,
    take: (page: RowsPage<Row>) => Pick<RowsState<Row>, "rows" | "nextCursor">,
  ): Promise<void> {
    const { signal } = this.#life;
    const gone = new Set<string>();
    this.#asking.add(gone);
    try {
      const { items, nextCursor } = await this.#source.load(place, signal);
      const left = items.filter((row) => !gone.has(this.#source.keyOf(row)));
      if (!signal.aborted) this.#set({ phase: "known", ...take({ items: left, nextCursor }) });
    } catch (error) {
      if (!signal.aborted) this.#set({ ...this.state, phase: "failed", error });
    } finally {
      this.#asking.delete(gone);
    }
  }

  /** What is known behind a first page: what isn't told of among its rows is gone. */
  #standingBehind({ items, nextCursor }: RowsPage<Row>): readonly Row[] {
    if (nextCursor === null) return [];
    const places = new Map(this.state.rows.map((row, index) => [this.#source.keyOf(row), index]));
    const last = items.findLast((row) => places.has(this.#source.keyOf(row)));
    return last === undefined ? [] : this.state.rows.slice((places.get(this.#source.keyOf(last)) ?? 0) + 1);
  }

  /** The first ones, and those of the others that aren't among them. */
  #merge(first: readonly Row[], others: readonly Row[]): readonly Row[] {
    const keys = new Set(first.map((row) => this.#source.keyOf(row)));
    return [...first, ...others.filter((row) => !keys.has(this.#source.keyOf(row)))];
  }

  #set(state: RowsState<Row>): void {
    this.state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
