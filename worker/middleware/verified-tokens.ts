import type { JWTHeaderParameters } from "jose";
import type { Identity } from "#contract/ids.ts";
import type { TokenConfig } from "../token-config.ts";

/** About a kilobyte each. */
const REMEMBERED = 500;
const MAX_TOKEN_LENGTH = 4_096;

export interface VerifiedToken {
  readonly identity: Identity;
  readonly header: JWTHeaderParameters;
  /** The key that its signature was verified with. */
  readonly key: unknown;
  /** `exp`: seconds since 1970. */
  readonly expiresAt: number;
}

export interface VerifiedTokensParts {
  readonly nowMs: () => number;
  /** The key that a token with this header must be signed with. Throws where there is none. */
  readonly keyFor: (header: JWTHeaderParameters, config: TokenConfig) => Promise<unknown>;
}

/**
 * Tokens that were verified, as one isolate remembers them: a client sends the same one with each request of an upload,
 * and verifying it again is a tenth of what a small one costs. None is believed for longer than by verifying it: what
 * changes with time, its end and the key that it must be signed with, is looked at each time.
 */
export class VerifiedTokens {
  readonly #parts: VerifiedTokensParts;
  readonly #tokens = new WeakMap<TokenConfig, Map<string, VerifiedToken>>();

  constructor(parts: VerifiedTokensParts) {
    this.#parts = parts;
  }

  /** Who the token speaks for, if it was verified before and would be again. */
  async recall(token: string, config: TokenConfig): Promise<Identity | undefined> {
    const tokens = this.#tokens.get(config);
    const known = tokens?.get(token);
    if (known === undefined) return undefined;
    if (!this.#isOver(known, config)) {
      // Why there is no key, verifying tells.
      const key = await this.#parts.keyFor(known.header, config).catch(() => undefined);
      if (key === known.key) return known.identity;
    }
    tokens?.delete(token);
    return undefined;
  }

  remember(token: string, verified: VerifiedToken, config: TokenConfig): void {
    if (token.length > MAX_TOKEN_LENGTH) return;
    const tokens = this.#tokens.get(config) ?? new Map<string, VerifiedToken>();
    this.#tokens.set(config, tokens);
    const [oldest] = tokens.keys();
    if (oldest !== undefined && tokens.size >= REMEMBERED) tokens.delete(oldest);
    tokens.set(token, verified);
  }

  /** RFC 7519, 4.1.4, in whole seconds and with a leeway: as jose compares them. */
  #isOver({ expiresAt }: VerifiedToken, { leewaySeconds }: TokenConfig): boolean {
    return expiresAt <= Math.floor(this.#parts.nowMs() / 1000) - leewaySeconds;
  }
}
