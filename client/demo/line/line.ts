import type { Connection } from "../../index.ts";

export const QUALITIES = ["good", "slow", "cut"] as const;
export type Quality = (typeof QUALITIES)[number];

/** Of a slow line: what a phone has at the edge of a village. */
const BYTES_PER_SECOND = 256 * 1024;
const LATENCY_MS = 300;
/** Small requests, so that what has left is seen several times a second. */
const SLOW_CHUNK_BYTES = 64 * 1024;

/**
 * The line that the page's requests go over, whose quality its visitor chooses. The requests are the page's own, and what it
 * does to them really happens: a cut ends what is on its way, and nothing gets through until it is over.
 */
export interface Line {
  readonly quality: Quality;
  choose(quality: Quality): void;
  /** Called with each change; what is returned ends that. */
  subscribe(listener: () => void): () => void;
  /** What a client is told of it. */
  readonly connection: Connection;
}

/** How much a request should send over it; undefined where that is the client's to find out. */
export function chunkBytesOf(quality: Quality): number | undefined {
  return quality === "slow" ? SLOW_CHUNK_BYTES : undefined;
}

function bytesOf(body: unknown): number {
  return body instanceof Blob ? body.size : 0;
}

class ChosenLine implements Line {
  quality: Quality = "good";
  readonly #listeners = new Set<() => void>();
  /** How each request that is on its way is ended. */
  readonly #under = new Set<() => void>();

  choose(quality: Quality): void {
    if (quality === this.quality) return;
    this.quality = quality;
    if (quality === "cut") for (const end of [...this.#under]) end();
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly connection: Connection = {
    isOnline: () => this.quality !== "cut" && navigator.onLine,
    watch: (listener, signal) => {
      const tell = () => listener(this.connection.isOnline());
      addEventListener("online", tell, { signal });
      addEventListener("offline", tell, { signal });
      const end = this.subscribe(tell);
      signal.addEventListener("abort", end);
    },
  };

  /** How long so much takes before it is there, in milliseconds. */
  delayOf(bytes: number): number {
    return this.quality === "slow" ? Math.max(LATENCY_MS, (bytes / BYTES_PER_SECOND) * 1000) : 0;
  }

  /** Calls `end` when the line is cut, until what is returned is called. */
  carry(end: () => void): () => void {
    this.#under.add(end);
    return () => this.#under.delete(end);
  }
}

/** Resolves after so long; rejects with the reason when `signal` aborts. */
async function pass(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  await promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}

function fetchOver(line: ChosenLine, fetched: typeof fetch): typeof fetch {
  return async (input, init) => {
    if (line.quality === "cut") throw new TypeError("The line is cut.");
    const cut = new AbortController();
    const arrived = line.carry(() => cut.abort(new TypeError("The line was cut.")));
    const given = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const signal = given ? AbortSignal.any([given, cut.signal]) : cut.signal;
    try {
      await pass(line.delayOf(bytesOf(init?.body)), signal);
      return await fetched(input, { ...init, signal });
    } finally {
      arrived();
    }
  };
}

function requestOver(line: ChosenLine, Base: typeof XMLHttpRequest): typeof XMLHttpRequest {
  return class extends Base {
    /** While it is on the line, and the platform's own doesn't know of it yet. */
    #waiting: AbortController | undefined;

    override send(body?: Document | XMLHttpRequestBodyInit | null): void {
      if (line.quality === "cut") {
        setTimeout(() => this.#end("error"));
        return;
      }
      const waiting = new AbortController();
      this.#waiting = waiting;
      const arrived = line.carry(() => (this.#waiting === undefined ? super.abort() : this.#end("error")));
      this.addEventListener("loadend", arrived, { once: true });
      pass(line.delayOf(bytesOf(body)), waiting.signal).then(
        () => {
          this.#waiting = undefined;
          super.send(body);
        },
        () => {},
      );
    }

    /** The platform's own tells nothing of the end of what it hasn't begun, and would still send it. */
    override abort(): void {
      if (this.#waiting === undefined) super.abort();
      else this.#end("abort");
    }

    #end(type: "abort" | "error"): void {
      this.#waiting?.abort();
      this.#waiting = undefined;
      for (const each of [type, "loadend"]) this.dispatchEvent(new ProgressEvent(each));
    }
  };
}

function socketOver(line: ChosenLine, Base: typeof WebSocket): typeof WebSocket {
  return class extends Base {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      const arrived = line.carry(() => this.close());
      this.addEventListener("close", arrived);
      if (line.quality === "cut") this.close();
    }
  };
}

/** Puts a line between the page and the network: from here on its requests go over it. */
export function installLine(page: typeof globalThis): Line {
  const line = new ChosenLine();
  page.fetch = fetchOver(line, page.fetch.bind(page));
  page.XMLHttpRequest = requestOver(line, page.XMLHttpRequest);
  page.WebSocket = socketOver(line, page.WebSocket);
  return line;
}
