import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import { Readable } from "node:stream";

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** A body that is made while it is sent, for one that isn't to be in memory. */
export interface StreamedBody {
  readonly byteLength: number;
  readonly chunks: Iterable<Uint8Array>;
}

async function readAnswer(response: IncomingMessage): Promise<ClientAnswer> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

function sendBody(request: ClientRequest, body: Uint8Array | StreamedBody | undefined): void {
  if (body === undefined || body instanceof Uint8Array) request.end(body);
  else Readable.from(body.chunks).pipe(request);
}

/** An HTTP client on kept-alive connections: its CPU is spent in this process, not in the one under test. */
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
    body?: Uint8Array | StreamedBody,
  ): Promise<ClientAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#open(method, path, headers, body?.byteLength ?? 0);
      request.on("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.on("error", reject);
      sendBody(request, body);
    });
  }

  /** Announces all of `body`, sends its first `sentBytes` and is gone. */
  async sendAndLeave(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Uint8Array,
    sentBytes: number,
  ): Promise<void> {
    const request = this.#open(method, path, headers, body.byteLength);
    const { promise, resolve } = Promise.withResolvers<void>();
    // Leaving is an error of the request too.
    request.on("error", () => {});
    request.on("close", resolve);
    request.write(body.subarray(0, sentBytes), () => request.destroy());
    await promise;
  }

  /** Announces `announcedBytes`, sends `body` and then nothing more. Resolves when that is sent, to what cuts it. */
  async sendAndStall(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Uint8Array,
    announcedBytes: number,
  ): Promise<() => void> {
    const request = this.#open(method, path, headers, announcedBytes);
    // Being cut is an error of the request too.
    request.on("error", () => {});
    await new Promise<void>((resolve) => request.write(body, () => resolve()));
    return () => request.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(method: string, path: string, headers: Record<string, string>, bodyBytes: number): ClientRequest {
    const length = { "content-length": String(bodyBytes) };
    const options = { method, agent: this.#agent, headers: { ...headers, ...length } };
    return httpRequest(new URL(path, this.#origin), options);
  }
}
