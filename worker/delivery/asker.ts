import { z } from "zod";
import { formatBase64Url, parseBase64Url } from "#contract/base64url.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { UserId } from "#contract/ids.ts";

/**
 * Who a signed URL was made for, or within which entity, as it stands in the URL: encrypted (AES-GCM, by a key that is
 * derived from the one that signs), because a URL goes to people who needn't know the CRM's names of its users and
 * records. Encrypted and not hashed, because the permission of that very user is looked up at each request. With a nonce
 * of its own each time, so that two URLs don't even tell that they are the same user's; a random one of 96 bits is good
 * for 2^32 of them by one key (NIST SP 800-38D). The URL's signature covers it.
 */
const NONCE_BYTES = 12;

const derivedKeys = new Map<string, Promise<CryptoKey>>();

/** Derived once per isolate. */
function encryptionKey({ secret }: SigningKey): Promise<CryptoKey> {
  const known = derivedKeys.get(secret);
  if (known !== undefined) return known;
  const derived = deriveKey(secret);
  derivedKeys.set(secret, derived);
  return derived;
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveKey"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: text.encode("causeway-signed-url-asker"),
  };
  return crypto.subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function seal(text: string, key: SigningKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const bytes = new TextEncoder().encode(text);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await encryptionKey(key), bytes);
  return formatBase64Url(Uint8Array.of(...iv, ...new Uint8Array(sealed)));
}

/** Of a URL whose signature is right. Throws for all that the same key didn't seal. */
async function unseal(sealed: string, key: SigningKey): Promise<string> {
  const bytes = parseBase64Url(sealed);
  if (bytes === undefined) throw new Error("What was signed is nothing that was sealed.");
  const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, NONCE_BYTES) };
  const text = await crypto.subtle.decrypt(algorithm, await encryptionKey(key), bytes.subarray(NONCE_BYTES));
  return new TextDecoder().decode(text);
}

export function sealAsker(userId: UserId, key: SigningKey): Promise<string> {
  return seal(userId, key);
}

/** Throws as `unseal`. */
export async function openAsker(sealed: string, key: SigningKey): Promise<UserId> {
  return UserId.parse(await unseal(sealed, key));
}

export const SealedEntity = z.object({ entityType: z.string(), entityId: z.string() });
export type SealedEntity = z.infer<typeof SealedEntity>;

export function sealEntity({ entityType, entityId }: SealedEntity, key: SigningKey): Promise<string> {
  return seal(JSON.stringify({ entityType, entityId }), key);
}

/** Throws as `unseal`. */
export async function openEntity(sealed: string, key: SigningKey): Promise<SealedEntity> {
  return SealedEntity.parse(JSON.parse(await unseal(sealed, key)));
}
