import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { Answer } from "./answers.ts";
import { takeAnswer } from "./answers.ts";
import type { WireRequest } from "./wire-request.ts";
import { encode, wireRequest } from "./wire-request.ts";

/** What came of a request. */
export type Outcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** The connection was closed without an answer. */
  | { readonly kind: "closed" }
  /** Nothing came for too long. */
  | { readonly kind: "silent"; readonly what: string };

/** Far more than any answer takes, on a busy machine too: what isn't there by then hangs. */
export const DEADLINE_MS = 20_000;

/** Sends a request on a connection of its own, and where it waits for its answer, another one behind it. */
export async function exchange(url: URL, request: WireRequest): Promise<Outcome> {
  const connection = new Connection(connect({ host: url.hostname, port: Number(url.port), noDelay: true }));
  try {
    await connection.opened();
    connection.write(encode(request));
    if (request.ending === "cuts") {
      await connection.cut();
      return { kind: "closed" };
    }
    if (request.ending === "ends") connection.end();
    const outcome = await connection.next(request.method);
    return request.ending === "waits" ? await afterwards(connection, url, outcome) : outcome;
  } finally {
    connection.destroy();
  }
}

/** The connection's next request is answered as if there had been none before; or the server has closed it. */
async function afterwards(connection: Connection, url: URL, first: Outcome): Promise<Outcome> {
  if (first.kind !== "answered") return first;
  connection.write(encode(wireRequest("OPTIONS", "/v1/uploads", { host: url.host })));
  const second = await connection.next("OPTIONS");
  if (second.kind === "closed" || (second.kind === "answered" && second.answer.status === 204)) return first;
  const what = second.kind === "answered" ? `it was answered ${second.answer.status}` : second.what;
  return {
    kind: "silent",
    what: `The connection's next request (after ${first.answer.status}) came to nothing: ${what}`,
  };
}

class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  /** Whoever waits for what comes. */
  #notify: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#notify();
    });
    // A reset by the other side is an answer to what these tests do, not an error of theirs.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#notify();
    });
  }

  async opened(): Promise<void> {
    await once(this.#socket, "connect");
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  /** Resets the connection when the system has taken what was written. */
  async cut(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write("", () => resolve()));
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async next(method: string): Promise<Outcome> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const taken = takeAnswer(this.#received, method);
      if (taken !== undefined) {
        this.#received = taken.rest;
        return { kind: "answered", answer: taken.answer };
      }
      if (this.#isClosed) return { kind: "closed" };
      if (deadline.aborted) return { kind: "silent", what: `nothing in ${DEADLINE_MS} ms` };
      await this.#change(deadline);
    }
  }

  #change(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve;
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
