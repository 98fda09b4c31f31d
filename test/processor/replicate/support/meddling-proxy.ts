import { once } from "node:events";
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Changes } from "../../support/http-double.ts";

/** What becomes of a request on its way. */
export type Meddling =
  | { readonly kind: "pass" }
  | { readonly kind: "flip" }
  | { readonly kind: "hang" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

export interface MeddlingProxy {
  readonly url: string;
  /** Bytes of bodies that have gone up. */
  readonly sentBytes: number;
  /** Resolves when no request is under way. */
  idle(): Promise<void>;
  /** Of the requests from now on. */
  meddle: (request: IncomingMessage) => Meddling;
  stop(): Promise<void>;
}

/**
 * A proxy on loopback in front of a service, that answers in its stead, says nothing, or changes a byte of what goes up.
 * @param onSent hears of bytes of bodies as they go up
 */
export async function startMeddlingProxy(
  target: string,
  onSent: (bytes: number) => void = () => {},
): Promise<MeddlingProxy> {
  const proxy = { meddle: (_request: IncomingMessage): Meddling => ({ kind: "pass" }), sentBytes: 0 };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const meddling = proxy.meddle(request);
    if (meddling.kind === "hang") return;
    if (meddling.kind === "answer") {
      // Or its client would find the connection cut.
      request.resume();
      await once(request, "end");
      response.writeHead(meddling.status, meddling.headers).end(meddling.body);
      return;
    }
    const { hostname, port } = new URL(target);
    const forwarded = ask({
      hostname,
      port,
      path: request.url,
      method: request.method,
      headers: request.headers,
    });
    const answered = once(forwarded, "response") as Promise<[IncomingMessage]>;
    // Awaited below, when what goes up has gone.
    answered.catch(() => {});
    const count = (bytes: number): void => {
      proxy.sentBytes += bytes;
      onSent(bytes);
    };
    await pipeline(request, meddled(meddling.kind === "flip", count), forwarded);
    const [answer] = await answered;
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    await pipeline(answer, response);
  };
  const changes = new Changes();
  let underWay = 0;
  const server = createServer((request, response) => {
    underWay += 1;
    handle(request, response)
      .catch(() => response.destroy())
      .finally(() => {
        underWay -= 1;
        changes.notify();
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${address.port}`,
    idle: () => changes.until(() => underWay === 0),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

function meddled(isFlipped: boolean, count: (bytes: number) => void): Transform {
  let isFirst = isFlipped;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.byteLength);
      const bytes = Buffer.from(chunk);
      const last = bytes.byteLength - 1;
      if (isFirst) bytes[last] = (bytes[last] ?? 0) ^ 1;
      isFirst = false;
      done(null, bytes);
    },
  });
}
