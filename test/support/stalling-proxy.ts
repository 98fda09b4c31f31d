import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";

export interface StallingProxy {
  readonly url: string;
  /** Bytes of bodies that have gone down. */
  readonly bytes: number;
  /** Lets so many more bytes down, and then nothing. Returns what resolves when they have gone. */
  allow(bytes: number): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A proxy on loopback for GET, whose answers stall where the test wants. */
export async function startStallingProxy(target: string): Promise<StallingProxy> {
  let left = 0;
  let bytes = 0;
  let spent = Promise.withResolvers<void>();
  const isOpen = (response: ServerResponse): boolean => !response.destroyed;

  async function send(response: ServerResponse, chunk: Uint8Array): Promise<void> {
    const part = chunk.subarray(0, left);
    left -= part.byteLength;
    bytes += part.byteLength;
    await new Promise<void>((resolve) => response.write(part, () => resolve()));
    if (part.byteLength === chunk.byteLength) return;
    spent.resolve();
    // Stalled: until the reader is gone, or for ever.
    await once(response, "close");
  }

  const server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const answer = await fetch(new URL(request.url ?? "/", target), {
        headers: headers as Record<string, string>,
      });
      const {
        "content-encoding": _encoding,
        "transfer-encoding": _transfer,
        ...sent
      } = Object.fromEntries(answer.headers);
      response.writeHead(answer.status, sent).flushHeaders();
      for await (const chunk of answer.body ?? []) {
        if (!isOpen(response)) return;
        await send(response, chunk);
      }
      response.end();
    };
    forward().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get bytes() {
      return bytes;
    },
    allow(more) {
      spent = Promise.withResolvers<void>();
      left = more;
      bytes = 0;
      return spent.promise;
    },
    cut: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
