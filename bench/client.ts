import type { IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

async function readAnswer(response: IncomingMessage): Promise<ClientAnswer> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** An HTTP client on kept-alive connections: its CPU is spent in this process, not in workerd. */
export class Client {
  readonly #origin: URL;
  readonly #agent: Agent;

  constructor(origin: URL, connections: number) {
    this.#origin = origin;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Uint8Array,
  ): Promise<ClientAnswer> {
    return new Promise((resolve, reject) => {
      const length = { "content-length": String(body?.byteLength ?? 0) };
      const options = { method, agent: this.#agent, headers: { ...headers, ...length } };
      const request = httpRequest(new URL(path, this.#origin), options);
      request.on("response", (response) => readAnswer(response).then(resolve, reject));
      request.on("error", reject);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
