import { formatBase64Url, parseBase64Url } from "#contract/base64url.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { sign } from "./hmac.ts";

/** AES-GCM's own length of a nonce (NIST SP 800-38D, 8.2). */
const NONCE_BYTES = 12;

/** A key of its own for each purpose, of the signing key and of what only the caller knows. */
async function keyOf(purpose: readonly string[], key: SigningKey): Promise<CryptoKey> {
  const raw = parseBase64Url(await sign(purpose, key)) ?? new Uint8Array();
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** A text that only who names the same purpose can read, as text. No field of it may have a line feed in it. */
export async function seal(text: string, purpose: readonly string[], key: SigningKey): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const content = new TextEncoder().encode(text);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(purpose, key), content);
  return `${key.kid}.${formatBase64Url(iv)}.${formatBase64Url(new Uint8Array(sealed))}`;
}

/** The text of what `seal` made; undefined where its key is gone, or it was made for another purpose. */
export async function unseal(
  sealed: string,
  purpose: readonly string[],
  keys: readonly SigningKey[],
): Promise<string | undefined> {
  const [kid, nonce = "", content = ""] = sealed.split(".");
  const key = keys.find((each) => each.kid === kid);
  const [iv, bytes] = [parseBase64Url(nonce), parseBase64Url(content)];
  if (key === undefined || iv === undefined || bytes === undefined) return undefined;
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await keyOf(purpose, key), bytes);
    return new TextDecoder().decode(opened);
  } catch {
    return undefined;
  }
}
