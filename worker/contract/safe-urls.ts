const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Whether a URL is of the very machine that asks for it: by its host as a URL's parser reads it, never by its text. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.has(hostname);
}

/** Nobody else can read or answer what is sent there: it is https, but for a machine talking to itself, and has no user's name. */
export function isSafeUrl(text: string): boolean {
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}
