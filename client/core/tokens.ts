import type { GetToken } from "./types.ts";

/** The host's `getToken`, asked before each request. */
export interface TokenSource {
  current(): Promise<string>;
  /** A token newer than the refused one; many requests refused at once share one refresh. */
  renewed(): Promise<string>;
}

export function createTokenSource(getToken: GetToken): TokenSource {
  let renewing: Promise<string> | undefined;

  function startRenewing(): Promise<string> {
    renewing ??= Promise.resolve(getToken({ refresh: true })).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  return {
    current: async () => renewing ?? getToken({ refresh: false }),
    renewed: async () => startRenewing(),
  };
}
