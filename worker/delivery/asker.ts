import { z } from "zod";
import type { SigningKey } from "#contract/hmac.ts";
import { UserId } from "#contract/ids.ts";
import type { Sealing } from "./sealed.ts";
import { seal, unseal } from "./sealed.ts";

/**
 * Who a signed URL was made for, or within which entity, as it stands in the URL: sealed, because a URL goes to people who
 * needn't know the CRM's names of its users and records; and not hashed, because the permission of that very user is looked
 * up at each request. Two URLs don't even tell that they are the same user's. The URL's signature covers it.
 */
const SEALING: Sealing = { use: "causeway-signed-url-asker" };

export function sealAsker(userId: UserId, key: SigningKey): Promise<string> {
  return seal(userId, SEALING, key);
}

/** Throws as `unseal`. */
export async function openAsker(sealed: string, key: SigningKey): Promise<UserId> {
  return UserId.parse(await unseal(sealed, SEALING, key));
}

export const SealedEntity = z.object({ entityType: z.string(), entityId: z.string() });
export type SealedEntity = z.infer<typeof SealedEntity>;

export function sealEntity({ entityType, entityId }: SealedEntity, key: SigningKey): Promise<string> {
  return seal(JSON.stringify({ entityType, entityId }), SEALING, key);
}

/** Throws as `unseal`. */
export async function openEntity(sealed: string, key: SigningKey): Promise<SealedEntity> {
  return SealedEntity.parse(JSON.parse(await unseal(sealed, SEALING, key)));
}
