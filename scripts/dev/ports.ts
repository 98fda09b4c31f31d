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

/** Those that are looked through: all, or of them what `CAUSEWAY_PORTS` says (`20000-23000`), so that several who start much don't meet. */
function portRange(): readonly [number, number] {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(process.env["CAUSEWAY_PORTS"] ?? "") ?? [];
  return from === undefined || to === undefined ? [LOWEST_PORT, HIGHEST_PORT] : [Number(from), Number(to)];
}

/** Given out by this process: whoever has one may not listen on it yet. */
const givenOut = new Set<number>();

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
  const [lowest, highest] = portRange();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (givenOut.has(port)) continue;
    givenOut.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${lowest} to ${highest} is free.`);
}

/** Throws a sentence for people when `port` is taken. */
export async function requireFreePort(port: number): Promise<void> {
  if (!(await isFree(port))) throw new Error(`Port ${port} is in use. Set PORT to another one.`);
}
