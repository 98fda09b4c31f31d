import { formatBase64Url, parseBase64Url } from "./base64url.ts";

/** What signs URLs and share links. Each signs a text that begins with a name of its own, so none passes for another. */
export interface SigningKey {
  readonly kid: string;
  readonly secret: string;
}

const importedKeys = new Map<string, Promise<CryptoKey>>();

/** Imported once per isolate: importing costs as much as signing. */
function importKey(secret: string): Promise<CryptoKey> {
  const known = importedKeys.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = new TextEncoder().encode(secret);
  const imported = crypto.subtle.importKey("raw", raw, algorithm, false, ["sign", "verify"]);
  importedKeys.set(secret, imported);
  return imported;
}

/** None of the fields may have a line feed in it, so that no two lists of them have the same text. */
function canonical(fields: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(fields.join("\n")));
}

/** The key that signs: the first. */
export function signingKey([key]: readonly SigningKey[]): SigningKey {
  if (key === undefined) throw new Error("There is no signing key.");
  return key;
}

/** HMAC-SHA256 over the fields, in base64url: 43 characters. */
export async function sign(fields: readonly (string | number)[], { secret }: SigningKey): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await importKey(secret), canonical(fields));
  return formatBase64Url(new Uint8Array(signature));
}

/** Whether a signature is that of the fields, by this key. */
export async function isSigned(
  fields: readonly (string | number)[],
  signature: string,
  { secret }: SigningKey,
): Promise<boolean> {
  const bytes = parseBase64Url(signature);
  if (bytes === undefined) return false;
  return crypto.subtle.verify("HMAC", await importKey(secret), bytes, canonical(fields));
}
