import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** What opens a WebSocket. */
export const UPGRADE = {
  ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
  // RFC 6455, 1.3: of its example.
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
} as const;

/** A request written by hand on its own connection, so that it can be left unfinished. */
export interface RawRequest {
  readonly socket: Socket;
  /** Sends bytes of the body; resolves when the system has taken them. */
  write(bytes: Uint8Array): Promise<void>;
  /** What has come back so far. */
  received(): string;
  /** Sends no more; resolves when the other side, which has then read everything, has closed too. */
  end(): Promise<void>;
  /** Cuts the connection as a lost network does. */
  cut(): Promise<void>;
}

/** Opens a connection and sends the request's head. */
export async function openRequest(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawRequest> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await once(socket, "connect");
  // A reset of the other side is an answer to what these tests do, not an error of theirs.
  socket.on("error", () => {});
  let received = "";
  socket.on("data", (data) => {
    received += data.toString("latin1");
  });
  const lines = Object.entries({ host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  return {
    socket,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    received: () => received,
    async end() {
      const closed = closeOf(socket);
      socket.end();
      await closed;
    },
    async cut() {
      if (socket.closed) return;
      const closed = closeOf(socket);
      socket.resetAndDestroy();
      await closed;
    },
  };
}

/**
 * Resolves when the connection is closed, by whichever side and however. A reset of one that the other side has just
 * closed fails (EINVAL), and then Node says "error" alone.
 */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["close", "error"]) socket.once(event, () => resolve());
  });
}
