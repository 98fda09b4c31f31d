import type { UserId } from "#contract/ids.ts";

/** Header in which the worker tells the object what it has verified. A caller's own is never passed on. */
const CONTEXT_HEADER = "x-causeway-live";

/** Who listens, until when, and from where on. */
export interface SocketContext {
  readonly userId: UserId;
  readonly endsAtMs: number;
  /** The sequence that was told last; undefined for whoever begins. */
  readonly after: number | undefined;
}

/** An object is reached by its name. */
const OBJECT_URL = "https://live.invalid/";

/** A request that opens a socket. Nothing of the caller's own is in it. */
export function socketRequest(context: SocketContext): Request {
  const headers = { Upgrade: "websocket", [CONTEXT_HEADER]: encodeURIComponent(JSON.stringify(context)) };
  return new Request(OBJECT_URL, { headers });
}

export function readSocketContext(request: Request): SocketContext {
  const text = request.headers.get(CONTEXT_HEADER) ?? "";
  // The worker's own words, which nobody else can send to an object: trusted, not parsed again.
  return JSON.parse(decodeURIComponent(text)) as SocketContext;
}
