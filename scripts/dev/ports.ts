import { once } from "node:events";
import { createServer } from "node:net";

/** A port on loopback that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port.");
  return address.port;
}

/** Throws a sentence for people when `port` is taken. */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new Error(`Port ${port} is in use. Set PORT to another one.`, { cause });
  }
  server.close();
  await once(server, "close");
}
