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

/** Whether a JWT says that it has ended (RFC 7519, 4.1.4). Of what isn't one, nothing is known. */
function hasEnded(token: string, nowMs: number): boolean {
  const [, payload = ""] = token.split(".");
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const isDated = typeof claims === "object" && claims !== null && "exp" in claims;
    return isDated && typeof claims.exp === "number" && claims.exp * 1000 <= nowMs;
  } catch {
    return false;
  }
}

/**
 * A token that has ended isn't sent where another can be had: the server would refuse it when the whole body of its request
 * has gone up.
 * @param timeoutMs how long `getToken` may take
 */
export function createTokenSource(getToken: GetToken, timeoutMs = TOKEN_TIMEOUT_MS): TokenSource {
  let renewing: Promise<string> | undefined;
  let renewingEarly: Promise<string> | undefined;
  /** False once a token that was just made seemed to have ended: it is this device's clock that is wrong. */
  let isClockRight = true;

  const ask = async (refresh: boolean) => within(Promise.resolve(getToken({ refresh })), timeoutMs);

  function startRenewing(): Promise<string> {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  async function renew(): Promise<string> {
    const token = await ask(true);
    if (hasEnded(token, Date.now())) isClockRight = false;
    return token;
  }

  /** The token at hand where no other can be had: of whether it has ended, the server knows more than this clock. */
  function renewEarly(token: string): Promise<string> {
    renewingEarly ??= startRenewing()
      .catch(() => token)
      .finally(() => {
        renewingEarly = undefined;
      });
    return renewingEarly;
  }

  async function current(): Promise<string> {
    const underWay = renewingEarly ?? renewing;
    if (underWay !== undefined) return underWay;
    const token = await ask(false);
    return isClockRight && hasEnded(token, Date.now()) ? renewEarly(token) : token;
  }

  return {
    current,
    renewed: async () => startRenewing(),
  };
}
