const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whether a URL is of the very machine that asks for it: by its host as a URL's parser reads it, never by its text. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.has(hostname);
}
