import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface Exchange {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export interface HttpDouble {
  readonly url: string;
  stop(): Promise<void>;
}

/** A JSON server on loopback. `undefined` cuts the connection instead of an answer. */
export async function startHttpDouble(
  answer: (exchange: Exchange) => Answer | undefined | Promise<Answer | undefined>,
): Promise<HttpDouble> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const reply = await answer({ path: request.url ?? "", headers: request.headers, body });
    if (reply === undefined) {
      response.destroy();
      return;
    }
    response.writeHead(reply.status, { "Content-Type": "application/json" });
    response.end(reply.body === undefined ? "" : JSON.stringify(reply.body));
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A value that tests wait for: `until` resolves when the condition holds, as soon as something changed. */
export class Changes {
  #listeners: (() => void)[] = [];

  notify(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#listeners.push(resolve));
  }
}
