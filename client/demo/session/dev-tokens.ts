import { cachedToken, type ExpiringToken, type GetToken } from "../../index.ts";
import type { Identity } from "./identities.ts";

const TIMEOUT_MS = 15_000;

/** This server gives out no development tokens: the visitor has to bring one. */
export class NoDevTokens extends Error {}

async function askForToken({ tenant, user, role }: Identity): Promise<ExpiringToken> {
  const answer = await fetch("/v1/dev/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tenant, user, role }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status === 404 || answer.status === 405) throw new NoDevTokens();
  if (!answer.ok) throw new Error(`The token request was answered ${answer.status}`);
  return (await answer.json()) as ExpiringToken;
}

/** Tokens for one identity, from the development stack. Rejects with `NoDevTokens` where there are none. */
export function devTokens(identity: Identity): GetToken {
  return cachedToken(() => askForToken(identity));
}
