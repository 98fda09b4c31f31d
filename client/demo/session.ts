import type { GetToken } from "../index.ts";
import type { DemoIdentity } from "./identities.ts";

/** A token is renewed this long before it expires, so that none expires on its way. */
const RENEW_BEFORE_MS = 30_000;
const TIMEOUT_MS = 15_000;

/** This server gives out no development tokens: the visitor has to bring one. */
export class NoDevTokens extends Error {}

export interface Session {
  readonly getToken: GetToken;
  /** Uses a token the visitor pasted, until the page is left. */
  paste(token: string): void;
}

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

async function requestToken({ tenant, user, role }: DemoIdentity): Promise<Token> {
  const answer = await fetch("/v1/dev/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tenant, user, role }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status === 404 || answer.status === 405) throw new NoDevTokens();
  if (!answer.ok) throw new Error(`The token request was answered ${answer.status}`);
  const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
  return { value: token, expiresAtMs: Date.parse(expiresAt) };
}

/** Development tokens for one identity, asked for when needed and shared by all who ask at once. */
export function createSession(identity: DemoIdentity): Session {
  let current: Promise<Token> | undefined;
  let pasted: string | undefined;

  async function renew(): Promise<string> {
    const request = requestToken(identity);
    current = request;
    request.catch(() => {
      if (current === request) current = undefined;
    });
    return (await request).value;
  }

  return {
    async getToken({ refresh }) {
      if (pasted !== undefined) return pasted;
      const token = refresh ? undefined : await current;
      return token !== undefined && token.expiresAtMs - RENEW_BEFORE_MS > Date.now() ? token.value : renew();
    },
    paste(token) {
      pasted = token;
    },
  };
}
