import type { TokenSource } from "./tokens.ts";
import { createSend } from "./transport.ts";
import { UnexpectedAnswer } from "./tus.ts";

/** Where the rest of the API is, by its uploads collection. */
export function apiBaseOf(endpoint: string): string {
  return endpoint.replace(/\/uploads\/?$/, "");
}

export interface JsonSource {
  readonly tokens: TokenSource;
  readonly stallTimeoutMs: number;
}

/** The JSON that a GET is answered with. Throws as `createSend` does, and `UnexpectedAnswer` for another answer than 200. */
export async function getJson<T>(url: string, source: JsonSource, signal: AbortSignal): Promise<T> {
  const answer = await createSend({ ...source, signal })({ method: "GET", url, headers: {} });
  if (answer.status !== 200) throw new UnexpectedAnswer("GET", answer);
  return JSON.parse(answer.body) as T;
}
