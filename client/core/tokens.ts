import type { GetToken } from "./types.ts";
import { within } from "./wait.ts";

/** The host's `getToken`, asked before each request. */
export interface TokenSource {
  current(): Promise<string>;
  /** A token newer than the refused one; many requests refused at once share one refresh. */
  renewed(): Promise<string>;
}

/** A token that hasn't come by then won't: whoever waits for it would hold up all others. */
const TOKEN_TIMEOUT_MS = 30_000;

/** @param timeoutMs how long `getToken` may take */
export function createTokenSource(getToken: GetToken, timeoutMs = TOKEN_TIMEOUT_MS): TokenSource {
  let renewing: Promise<string> | undefined;

  const ask = async (refresh: boolean) => within(Promise.resolve(getToken({ refresh })), timeoutMs);

  function startRenewing(): Promise<string> {
    renewing ??= ask(true).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  return {
    current: async () => renewing ?? ask(false),
    renewed: async () => startRenewing(),
  };
}
