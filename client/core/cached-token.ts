import type { GetToken } from "./types.ts";

/** So long before its end a token is not given any more: requests take a moment, and clocks differ. */
const AHEAD_MS = 60_000;
/** One that lives shorter than twice that is given for half of its life. */
const SHARE = 0.5;

/** What a backend answers who asks for a grant or a token. */
export interface ExpiringToken {
  readonly token: string;
  /** RFC 3339. */
  readonly expiresAt: string;
}

/**
 * A `getToken` that asks for a token when it needs one, and gives the same one until shortly before its end: for entity
 * grants, and whatever the host's backend makes.
 */
export function cachedToken(ask: () => Promise<ExpiringToken>): GetToken {
  let kept: Promise<{ readonly token: string; readonly untilMs: number }> | undefined;

  async function askForToken() {
    const askedAtMs = Date.now();
    const { token, expiresAt } = await ask();
    const livesMs = Date.parse(expiresAt) - askedAtMs;
    return { token, untilMs: askedAtMs + Math.max(livesMs - AHEAD_MS, livesMs * SHARE) };
  }

  async function take(): Promise<string> {
    const isNew = kept === undefined;
    kept ??= askForToken();
    const taking = kept;
    const forget = () => {
      if (kept === taking) kept = undefined;
    };
    try {
      const { token, untilMs } = await taking;
      // One that was just made is the best there is, whatever the clocks say.
      if (isNew || Date.now() < untilMs) return token;
    } catch (error) {
      forget();
      throw error;
    }
    forget();
    return take();
  }

  return ({ refresh }) => {
    if (refresh) kept = undefined;
    return take();
  };
}
