import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface CuttingProxy {
  readonly url: string;
  /** Connections that were cut so far, as what went up came to a number of bytes. */
  readonly cuts: number;
  /** Answers that were lost so far. */
  readonly lost: number;
  close(): Promise<void>;
}

/**
 * A proxy on loopback that forwards bytes to `target` and cuts the connection, hard, each time one more of the given
 * numbers of bytes has gone up in all; and in the place of each of the first `lostAnswers` answers, when they have come.
 */
export async function startCuttingProxy(
  target: URL,
  cutAfterBytes: readonly number[],
  lostAnswers = 0,
): Promise<CuttingProxy> {
  const waiting = [...cutAfterBytes].sort((a, b) => a - b);
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let cuts = 0;
  let lost = 0;

  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    const cut = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on("data", (data) => {
      sentBytes += data.byteLength;
      const due = waiting[0];
      if (due !== undefined && sentBytes >= due) {
        waiting.shift();
        cuts += 1;
        cut();
        return;
      }
      if (!upstream.write(data)) client.pause();
    });
    upstream.on("drain", () => client.resume());
    upstream.once("data", () => {
      if (lost >= lostAnswers) return;
      lost += 1;
      cut();
    });
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
    get lost() {
      return lost;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
