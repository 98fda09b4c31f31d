import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Where free ports are looked for: below the range that systems give to outgoing connections, so that none of those
 * takes the port between its being found and its being used.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 50;

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/** A port on loopback that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${LOWEST_PORT} to ${HIGHEST_PORT} is free.`);
}

/** Throws a sentence for people when `port` is taken. */
export async function requireFreePort(port: number): Promise<void> {
  if (!(await isFree(port))) throw new Error(`Port ${port} is in use. Set PORT to another one.`);
}
