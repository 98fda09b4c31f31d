import type { LiveMessage } from "#contract/live.ts";
import { startTimer } from "./wait.ts";

/** A socket that says nothing for so long after it was opened isn't one. */
const HELLO_MS = 10_000;
/** So often it is asked whether it is still there; the server answers without being woken. */
const PING_MS = 30_000;
/** Whatever the page's clock makes of its end, a socket isn't given up sooner. */
const SHORTEST_MS = 60_000;

export interface Listening {
  readonly url: string;
  /** By the server's clock. */
  readonly endsAtMs: number;
  readonly openSocket: (url: string) => WebSocket;
  readonly onMessage: (message: LiveMessage) => void;
  readonly signal: AbortSignal;
}

/** Listens until the socket ends, for whatever reason. Resolves to how long it had told anything, in milliseconds. */
export function listen({ url, endsAtMs, openSocket, onMessage, signal }: Listening): Promise<number> {
  return new Promise((resolve) => {
    const socket = openSocket(url);
    const watched = new AbortController();
    let spokenSinceMs: number | undefined;
    let isAsked = false;
    const end = () => {
      watched.abort();
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      resolve(spokenSinceMs === undefined ? 0 : performance.now() - spokenSinceMs);
    };
    const ask = () => {
      if (isAsked || spokenSinceMs === undefined) return end();
      isAsked = true;
      // `LIVE_PING`; the contract's module has more in it than a page needs.
      socket.send("ping");
    };
    const hear = ({ data }: MessageEvent) => {
      spokenSinceMs ??= performance.now();
      isAsked = false;
      if (data !== "pong") onMessage(JSON.parse(String(data)) as LiveMessage);
    };
    const timers = [
      startTimer(() => spokenSinceMs ?? end(), HELLO_MS),
      startTimer(end, Math.max(SHORTEST_MS, endsAtMs - Date.now())),
      setInterval(ask, PING_MS),
    ];
    socket.addEventListener("message", hear, { signal: watched.signal });
    for (const type of ["close", "error"]) socket.addEventListener(type, end, { signal: watched.signal });
    signal.addEventListener("abort", end, { signal: watched.signal });
    if (signal.aborted) end();
  });
}
