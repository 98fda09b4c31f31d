import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** What a server that is not a good clamd does with a connection. */
export type Misbehaviour = (socket: Socket) => void;

export interface EvilClamd {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Listens on loopback and misbehaves on every connection. */
export async function startEvilClamd(misbehave: Misbehaviour): Promise<EvilClamd> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    misbehave(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: "127.0.0.1",
    port: address.port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads to the terminator as clamd does, then calls `then`. */
export function afterTerminator(then: (socket: Socket) => void): Misbehaviour {
  return (socket) => {
    let tail = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      tail = Buffer.concat([tail, chunk]).subarray(-4);
      if (tail.equals(Buffer.alloc(4))) then(socket);
    });
  };
}

/** Calls `then` when the first frame has come, and reads on. */
export function afterFirstBytes(then: (socket: Socket) => void): Misbehaviour {
  return (socket) => {
    let seen = 0;
    socket.on("data", (chunk) => {
      const before = seen;
      seen += chunk.byteLength;
      // The command itself is 10 bytes.
      if (before <= 10 && seen > 10) then(socket);
    });
  };
}
