/**
 * HMAC-SHA256, by which all is signed that goes out and comes back, or goes between the worker and its processors: signed
 * and public URLs, share links, reports, reads of copies and proofs of erasures. Each signs a text that begins with a name
 * of its own, so that none passes for another though a deployment shared one secret.
 */
export interface SigningKey {
  readonly kid: string;
  readonly secret: string;
}

const encoder = new TextEncoder();
/** As the worker's runtime and the processor's have it. */
type ImportedKey = ReturnType<typeof crypto.subtle.importKey>;
const importedKeys = new Map<string, ImportedKey>();

/** Imported once per isolate: importing costs as much as signing. */
function importKey(secret: string): ImportedKey {
  const known = importedKeys.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = encoder.encode(secret);
  const imported = crypto.subtle.importKey("raw", raw, algorithm, false, ["sign", "verify"]);
  importedKeys.set(secret, imported);
  return imported;
}

/** The 32 bytes of a text's signature. */
export async function signText(secret: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const signature = await crypto.subtle.sign("HMAC", await importKey(secret), encoder.encode(text));
  return new Uint8Array(signature);
}

/** Whether these bytes are the text's signature. Compares in constant time. */
export async function isTextSigned(
  secret: string,
  text: string,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return crypto.subtle.verify("HMAC", await importKey(secret), signature, encoder.encode(text));
}

export function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of what `formatHex` makes, whose form its caller has looked at. */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
