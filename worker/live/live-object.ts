import { DurableObject } from "cloudflare:workers";
import type { UserId } from "#contract/ids.ts";
import type { LiveFact, LiveMessage } from "#contract/live.ts";
import { LIVE_CLOSE, LIVE_PING, LIVE_PONG } from "#contract/live.ts";
import type { SocketContext } from "./live-context.ts";
import { readSocketContext } from "./live-context.ts";
import { KEPT_MS, LiveStore } from "./live-store.ts";

/** Sockets of one user at one channel: tabs and devices, and a page that opens them in a loop. */
const MAX_OF_USER = 50;
/** Sockets of a channel. An entity's has those of everybody who looks at it. */
const MAX_SOCKETS = 2_000;

/** What is known of a socket while its object sleeps. */
interface Attachment {
  readonly openedAtMs: number;
  readonly endsAtMs: number;
}

/**
 * One channel as a Durable Object: who listens to it, and what was told lately. Its sockets hibernate: between two events
 * there is no object in memory, and nothing is billed. There is no timer in it; a socket whose time is over is told nothing
 * from then on, and closed when there is something to tell.
 */
export class LiveObject extends DurableObject<Env> {
  readonly #store: LiveStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new LiveStore(ctx.storage);
  }

  /** Opens a socket, and tells on it what was missed. The worker has seen to it that its user may listen. */
  override async fetch(request: Request): Promise<Response> {
    if (this.ctx.getWebSockets().length >= MAX_SOCKETS) return new Response(null, { status: 503 });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + KEPT_MS);
    return new Response(null, { status: 101, webSocket: this.#open(readSocketContext(request)) });
  }

  /** The oldest socket goes for the one more that its user opens: it may be of a page that is long gone. */
  #makeRoomFor(userId: UserId): void {
    const openedAtMs = (socket: WebSocket) => (socket.deserializeAttachment() as Attachment).openedAtMs;
    const open = this.ctx.getWebSockets(userId).filter(({ readyState }) => readyState === WebSocket.OPEN);
    const oldestFirst = open.toSorted((one, other) => openedAtMs(one) - openedAtMs(other));
    const tooMany = oldestFirst.slice(0, Math.max(0, open.length + 1 - MAX_OF_USER));
    for (const socket of tooMany) close(socket, "Its user has opened others.");
  }

  /** Waits for nothing: what is told from here on comes behind what was missed. */
  #open({ userId, endsAtMs, after }: SocketContext): WebSocket {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LIVE_PING, LIVE_PONG));
    this.#makeRoomFor(userId);
    this.ctx.acceptWebSocket(server, [userId]);
    const nowMs = Date.now();
    server.serializeAttachment({ openedAtMs: nowMs, endsAtMs } satisfies Attachment);
    const from = this.#store.listen(userId, nowMs);
    const missed = after === undefined || after < from ? undefined : this.#store.since(after);
    const sequence = missed === undefined ? this.#store.last : (after ?? 0);
    tell(server, textsOf([{ type: "hello", sequence, resumed: missed !== undefined }, ...(missed ?? [])]));
    return client;
  }

  /** Tells everybody who listens. False where nobody does, and nobody has lately. */
  publish(facts: readonly LiveFact[]): boolean {
    if (!this.#store.isHeard) return false;
    const nowMs = Date.now();
    const sockets = this.#openSockets(nowMs);
    const texts = textsOf(this.#store.append(facts, nowMs));
    for (const socket of sockets) tell(socket, texts);
    return true;
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const isIdle = this.#openSockets(nowMs).length === 0 && this.#store.heardAtMs <= nowMs - KEPT_MS;
    if (isIdle) return this.#store.forget();
    this.#store.pruneOld(nowMs);
    await this.ctx.storage.setAlarm(nowMs + KEPT_MS);
  }

  /** A client has nothing to say, and each word of it wakes the object. */
  override webSocketMessage(socket: WebSocket): void {
    socket.close(LIVE_CLOSE.refused, "Only ping is answered.");
  }

  override webSocketClose(socket: WebSocket): void {
    // Its client waits for the answer; the runtime gives none by itself.
    close(socket);
    if (this.#store.isHeard) this.#store.hear(Date.now());
  }

  /** Those whose time isn't over. The others are closed. */
  #openSockets(nowMs: number): readonly WebSocket[] {
    return this.ctx.getWebSockets().filter((socket) => {
      if (socket.readyState !== WebSocket.OPEN) return false;
      const { endsAtMs } = socket.deserializeAttachment() as Attachment;
      if (nowMs < endsAtMs) return true;
      close(socket);
      return false;
    });
  }
}

/** Written once, for however many sockets. */
function textsOf(messages: readonly LiveMessage[]): readonly string[] {
  return messages.map((message) => JSON.stringify(message));
}

/** One that broke has been closed: its client asks for what it missed. */
function tell(socket: WebSocket, texts: readonly string[]): void {
  try {
    for (const text of texts) socket.send(text);
  } catch {
    close(socket);
  }
}

function close(socket: WebSocket, why = "Its time is over."): void {
  try {
    socket.close(LIVE_CLOSE.ended, why);
  } catch {
    // It is closed.
  }
}
