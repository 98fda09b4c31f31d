import { formatBase64Url, parseBase64Url } from "#contract/base64url.ts";
import type { SigningKey } from "#contract/hmac.ts";

/**
 * Texts that only this service reads: encrypted (AES-GCM) by a key that is derived (HKDF) from the one that signs, for each
 * use one of its own. The nonce is random: 96 bits are good for 2^32 texts by one key (NIST SP 800-38D, 8.3).
 */
export interface Sealing {
  /** Names the derived key. There are few. */
  readonly use: string;
  /** What has to be the same when it is read; nothing of it is in the sealed text. */
  readonly context?: readonly string[];
}

/** AES-GCM's own length of a nonce (NIST SP 800-38D, 8.2). */
const NONCE_BYTES = 12;

const derivedKeys = new Map<string, Promise<CryptoKey>>();

/** Derived once per isolate. */
function encryptionKey(use: string, { secret }: SigningKey): Promise<CryptoKey> {
  const name = `${use}\n${secret}`;
  const known = derivedKeys.get(name);
  if (known !== undefined) return known;
  const derived = deriveKey(use, secret);
  derivedKeys.set(name, derived);
  return derived;
}

async function deriveKey(use: string, secret: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const base = await crypto.subtle.importKey("raw", text.encode(secret), "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: text.encode(use) };
  return crypto.subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function algorithmOf(iv: Uint8Array<ArrayBuffer>, { context = [] }: Sealing) {
  const additionalData = new TextEncoder().encode(context.length === 0 ? "" : JSON.stringify(context));
  return { name: "AES-GCM", iv, additionalData };
}

/** The sealed text, in base64url. */
export async function seal(text: string, sealing: Sealing, key: SigningKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const bytes = new TextEncoder().encode(text);
  const derived = await encryptionKey(sealing.use, key);
  const sealed = await crypto.subtle.encrypt(algorithmOf(iv, sealing), derived, bytes);
  return formatBase64Url(Uint8Array.of(...iv, ...new Uint8Array(sealed)));
}

/** The text again. Throws for all that the same key didn't seal for the same use and context. */
export async function unseal(sealed: string, sealing: Sealing, key: SigningKey): Promise<string> {
  const bytes = parseBase64Url(sealed);
  if (bytes === undefined) throw new Error("It is nothing that was sealed.");
  const algorithm = algorithmOf(bytes.slice(0, NONCE_BYTES), sealing);
  const derived = await encryptionKey(sealing.use, key);
  const text = await crypto.subtle.decrypt(algorithm, derived, bytes.slice(NONCE_BYTES));
  return new TextDecoder().decode(text);
}
