import { z } from "zod";
import type { SigningKey } from "#contract/hmac.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { Channel } from "#contract/live.ts";
import { signingKey } from "./hmac.ts";
import type { Sealing } from "./sealed.ts";
import { seal, unseal } from "./sealed.ts";

/** What a ticket opens, and all that it says: who listens comes from nothing else. */
const LiveTicketClaims = z.object({
  tenantId: TenantId,
  userId: UserId,
  channel: Channel,
  /** Until when it opens a socket. */
  expiresAtMs: z.int(),
  /** Until when that tells anything. */
  endsAtMs: z.int(),
});
export type LiveTicketClaims = z.infer<typeof LiveTicketClaims>;

/** Sealed, because a URL stands in logs, and the CRM's names of its users and records don't belong there. */
const SEALING: Sealing = { use: "causeway-live-ticket" };

/** `<key>.<sealed>`, by the first key. */
export async function sealTicket(claims: LiveTicketClaims, keys: readonly SigningKey[]): Promise<string> {
  const key = signingKey(keys);
  return `${key.kid}.${await seal(JSON.stringify(claims), SEALING, key)}`;
}

/** What a ticket says; undefined for all that isn't one of ours, and for one whose time is over. */
export async function openTicket(
  ticket: string,
  keys: readonly SigningKey[],
  nowMs: number,
): Promise<LiveTicketClaims | undefined> {
  const [kid, sealed = "", ...more] = ticket.split(".");
  const key = keys.find((candidate) => candidate.kid === kid);
  if (key === undefined || more.length > 0) return undefined;
  const text = await unseal(sealed, SEALING, key).catch(() => undefined);
  if (text === undefined) return undefined;
  const claims = LiveTicketClaims.parse(JSON.parse(text));
  return nowMs < claims.expiresAtMs ? claims : undefined;
}
