import { expect } from "vitest";
import type { LiveEvent, LiveFact, LiveHello, LiveMessage, LiveTicket } from "#contract/live.ts";
import type { Caller } from "./api.ts";

type Watched = Readonly<Record<string, string>>;

export async function postTicket(caller: Caller, body: Watched = {}): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return caller.fetch("/v1/live/tickets", { method: "POST", headers, body: JSON.stringify(body) });
}

export async function newTicket(caller: Caller, body: Watched = {}): Promise<LiveTicket> {
  const answer = await postTicket(caller, body);
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text) as LiveTicket;
}

/** A socket, and what it has told. */
export class Listener {
  readonly #socket: WebSocket;
  readonly #messages: LiveMessage[] = [];
  #wake: () => void = () => {};
  #closed: number | undefined;
  #pongs = 0;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("message", ({ data }) => {
      if (data === "pong") this.#pongs += 1;
      else this.#messages.push(JSON.parse(String(data)) as LiveMessage);
      this.#wake();
    });
    this.#socket.addEventListener("close", ({ code }) => {
      this.#closed = code;
      this.#wake();
    });
    this.#socket.addEventListener("error", () => {});
  }

  /** One that listens already: its first message is there. */
  static async open(
    caller: Caller,
    {
      after,
      ...watched
    }: { readonly after?: number; readonly entityType?: string; readonly entityId?: string } = {},
  ): Promise<Listener> {
    const { url } = await newTicket(caller, watched);
    return Listener.at(after === undefined ? url : `${url}&after=${after}`);
  }

  static async at(url: string): Promise<Listener> {
    const listener = new Listener(url);
    await listener.#until(() => listener.#messages.length > 0);
    return listener;
  }

  get hello(): LiveHello {
    const [first] = this.#messages;
    if (first?.type !== "hello") throw new Error("The first message is another.");
    return first;
  }

  get events(): readonly LiveEvent[] {
    return this.#messages.filter((each): each is LiveEvent => each.type !== "hello");
  }

  get lastSequence(): number {
    return this.events.at(-1)?.sequence ?? this.hello.sequence;
  }

  /** The first event of a type about a file, as soon as it is there. */
  async find(type: LiveFact["type"], fileId?: string): Promise<LiveEvent> {
    const isWanted = ({ type: told, data }: LiveEvent) =>
      told === type && (fileId === undefined || ("fileId" in data && data.fileId === fileId));
    await this.#until(() => this.events.some(isWanted));
    const found = this.events.find(isWanted);
    if (found === undefined) throw new Error("It was there.");
    return found;
  }

  /** Resolves when a ping has been answered. */
  pong(): Promise<void> {
    return this.#until(() => this.#pongs > 0);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** By which code the server closed it. */
  async closeCode(): Promise<number> {
    await this.#until(() => true, true);
    return this.#closed ?? 0;
  }

  close(): Promise<number> {
    this.#socket.close();
    return this.closeCode();
  }

  async #until(isThere: () => boolean, evenIfClosed = false): Promise<void> {
    for (;;) {
      if (evenIfClosed ? this.#closed !== undefined : isThere()) return;
      if (this.#closed !== undefined) throw new Error(`The socket was closed: ${this.#closed}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
