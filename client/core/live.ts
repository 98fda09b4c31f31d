import type { EntityRef } from "#contract/entities.ts";
import type { LiveEvent, LiveMessage, LiveTicket } from "#contract/live.ts";
import { browserConnection, type Connection } from "./connection.ts";
import { listen } from "./live-socket.ts";
import { ApiError } from "./problem.ts";
import { browserVisibility, hiddenFor, untilShown, type Visibility } from "./visibility.ts";
import { wait } from "./wait.ts";

/** Something may have happened that nobody told: what is shown is to be read anew. */
export interface LiveReset {
  readonly type: "reset";
}

/**
 * `open`: all that happens is told. `polling`: no socket can be had, and a reset is told from time to time instead.
 * `closed`: nobody subscribes, or the page has been hidden for long; it goes on where it was when it is shown.
 */
export type LiveState = "connecting" | "open" | "polling" | "closed";

export type { EntityRef, LiveEvent, LiveTicket };

export interface LiveOptions {
  /** Asks `POST /v1/live/tickets`. Throws `ApiError`. */
  readonly getTicket: (watched: Partial<EntityRef>, signal: AbortSignal) => Promise<LiveTicket>;
  /** What is attached to this is told, in the place of the user's own. */
  readonly entity?: EntityRef | undefined;
  readonly openSocket?: (url: string) => WebSocket;
  readonly connection?: Connection;
  readonly visibility?: Visibility;
  /** First delay before a socket is opened again; it doubles with every failure that follows. A second. */
  readonly retryBaseMs?: number;
  /** How long the page may be hidden before it isn't told any more. Five minutes. */
  readonly hiddenMs?: number;
}

export interface Live {
  readonly state: LiveState;
  /** Tells of everything from now on, until what is returned is called. The first to be told is a reset. */
  subscribe(listener: (event: LiveEvent | LiveReset) => void): () => void;
  /** Tells of each change of `state`, until what is returned is called. */
  watchState(listener: (state: LiveState) => void): () => void;
  /** For whoever asks again and again how a file is: what is waited for in between. */
  waiterFor(fileId: string): LiveWaiter;
}

export interface LiveWaiter {
  /**
   * Waits until the file changes; where nothing is told of that, for `delayMs`, as `wait` does. False when `signal`
   * aborted before.
   */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<boolean>;
  readonly stop: () => void;
}

/** So many times in a row a socket can't be had before it is polled in its place. */
const POLL_AFTER = 3;
/** And so often it is then, while it is tried on. */
const POLL_MS = 20_000;
const HIDDEN_MS = 5 * 60_000;
/** A file is asked for so often though all of it is told: to tell it may have failed. */
const TOLD_DELAY_MS = 30_000;

/** A socket that ends sooner is as none: it is opened again ever more slowly. */
const STEADY_MS = 5_000;

type Outcome = "was-open" | "failed" | "refused";

class LiveChannel implements Live {
  readonly #options: Required<Omit<LiveOptions, "entity">> & Pick<LiveOptions, "entity">;
  readonly #listeners = new Set<(event: LiveEvent | LiveReset) => void>();
  readonly #watchers = new Set<(state: LiveState) => void>();
  #state: LiveState = "closed";
  /** The sequence that was told last. */
  #after: number | undefined;
  #running: AbortController | undefined;

  constructor(options: LiveOptions) {
    this.#options = {
      openSocket: (url) => new WebSocket(url),
      connection: browserConnection(),
      visibility: browserVisibility(),
      retryBaseMs: 1_000,
      hiddenMs: HIDDEN_MS,
      ...options,
    };
  }

  get state(): LiveState {
    return this.#state;
  }

  subscribe(listener: (event: LiveEvent | LiveReset) => void): () => void {
    // The same function may be subscribed twice.
    const own = (event: LiveEvent | LiveReset) => listener(event);
    this.#listeners.add(own);
    if (this.#running === undefined) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  watchState(listener: (state: LiveState) => void): () => void {
    const own = (state: LiveState) => listener(state);
    this.#watchers.add(own);
    return () => void this.#watchers.delete(own);
  }

  waiterFor(fileId: string): LiveWaiter {
    let change = new AbortController();
    const stop = this.subscribe((event) => {
      const isOfFile = "data" in event && "fileId" in event.data && event.data.fileId === fileId;
      // Of progress, the file's record has nothing.
      if (event.type === "reset" || (isOfFile && event.type !== "upload.progress")) change.abort();
    });
    return {
      stop,
      wait: async (delayMs, signal) => {
        const isTold = this.#state === "open";
        await wait(isTold ? TOLD_DELAY_MS : delayMs, AbortSignal.any([signal, change.signal]));
        change = new AbortController();
        return !signal.aborted;
      },
    };
  }

  #start(): void {
    const running = new AbortController();
    this.#running = running;
    void this.#run(running.signal);
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#set("closed");
  }

  /** Again each time that the page is shown after it had been hidden for long. */
  async #run(signal: AbortSignal): Promise<void> {
    const { hiddenMs, visibility } = this.#options;
    while (!signal.aborted) {
      const leaving = hiddenFor(hiddenMs, visibility, signal);
      await this.#follow(AbortSignal.any([signal, leaving.signal]));
      leaving.stop();
      if (signal.aborted) return;
      this.#set("closed");
      await untilShown(visibility, signal);
    }
  }

  /** Tells what happens until `signal` aborts: by one socket after the other, or by polling. */
  async #follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      if (failures < POLL_AFTER) this.#set("connecting");
      const outcome = await this.#connect(signal);
      if (signal.aborted) return;
      if (outcome === "refused") return this.#pollAlone(signal);
      failures = outcome === "failed" ? failures + 1 : 0;
      if (failures >= POLL_AFTER) this.#poll();
      await this.#rest(failures, signal);
    }
  }

  /** One ticket, and what its socket tells. */
  async #connect(signal: AbortSignal): Promise<Outcome> {
    const { getTicket, entity = {}, openSocket } = this.#options;
    try {
      const { url, endsAt } = await getTicket(entity, signal);
      const from = this.#after === undefined ? url : `${url}&after=${this.#after}`;
      const onMessage = (message: LiveMessage) => this.#hear(message);
      const endsAtMs = Date.parse(endsAt);
      const openMs = await listen({ url: from, endsAtMs, openSocket, onMessage, signal });
      return openMs >= STEADY_MS ? "was-open" : "failed";
    } catch (error) {
      return isFinal(error) ? "refused" : "failed";
    }
  }

  #hear(message: LiveMessage): void {
    if (message.type === "hello") {
      this.#after = message.sequence;
      this.#set("open");
      if (!message.resumed) this.#tell({ type: "reset" });
      return;
    }
    const isPassing = message.type === "upload.progress";
    if (!isPassing && message.sequence <= (this.#after ?? 0)) return;
    this.#after = message.sequence;
    this.#tell(message);
  }

  /** Where there will be no socket: the caller may not have one. */
  async #pollAlone(signal: AbortSignal): Promise<void> {
    do this.#poll();
    while (await wait(POLL_MS, signal));
  }

  #poll(): void {
    this.#set("polling");
    this.#tell({ type: "reset" });
  }

  /** Doubled by each failure, and never the same for two pages; shorter where the connection comes back. */
  async #rest(failures: number, signal: AbortSignal): Promise<void> {
    const longestMs = Math.min(POLL_MS, this.#options.retryBaseMs * 2 ** Math.min(failures, 10));
    const early = new AbortController();
    const until = AbortSignal.any([signal, early.signal]);
    this.#options.connection.watch((isOnline) => isOnline && early.abort(), until);
    await wait(longestMs * (0.5 + Math.random() / 2), until);
    early.abort();
  }

  #set(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const watcher of this.#watchers) callSafely(() => watcher(state));
  }

  #tell(event: LiveEvent | LiveReset): void {
    for (const listener of this.#listeners) callSafely(() => listener(event));
  }
}

/** One that throws keeps nothing from those behind it; what it threw is told as of an event's listener. */
function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Whether asking again gives no ticket either: the caller may not have one. What is passing is tried on. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status } = error.problem;
  return status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429;
}

/** What changes, told while it changes. One socket; opened for the first who subscribes, and closed after the last. */
export function createLive(options: LiveOptions): Live {
  return new LiveChannel(options);
}
