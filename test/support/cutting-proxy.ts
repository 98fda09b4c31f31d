import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface CuttingProxy {
  readonly url: string;
  /** Connections that were cut so far. */
  readonly cuts: number;
  close(): Promise<void>;
}

/**
 * A proxy on loopback that forwards bytes to `target` and cuts the connection, hard, each time one more of the given
 * numbers of bytes has gone up in all.
 */
export async function startCuttingProxy(
  target: URL,
  cutAfterBytes: readonly number[],
): Promise<CuttingProxy> {
  const waiting = [...cutAfterBytes].sort((a, b) => a - b);
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let cuts = 0;

  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => {
      sentBytes += data.byteLength;
      const due = waiting[0];
      if (due !== undefined && sentBytes >= due) {
        waiting.shift();
        cuts += 1;
        client.resetAndDestroy();
        upstream.destroy();
        return;
      }
      if (!upstream.write(data)) client.pause();
    });
    upstream.on("drain", () => client.resume());
    upstream.pipe(client);
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
