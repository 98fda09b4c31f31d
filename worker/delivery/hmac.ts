import { formatBase64Url, parseBase64Url } from "#contract/base64url.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { isTextSigned, signText } from "#contract/hmac.ts";

/** None of the fields may have a line feed in it, so that no two lists of them have the same text. */
function canonical(fields: readonly (string | number)[]): string {
  return fields.join("\n");
}

/** The key that signs: the first. */
export function signingKey([key]: readonly SigningKey[]): SigningKey {
  if (key === undefined) throw new Error("There is no signing key.");
  return key;
}

/** The signature of the fields, in base64url: 43 characters. */
export async function sign(fields: readonly (string | number)[], { secret }: SigningKey): Promise<string> {
  return formatBase64Url(await signText(secret, canonical(fields)));
}

/** Whether a signature is that of the fields, by this key. */
export async function isSigned(
  fields: readonly (string | number)[],
  signature: string,
  { secret }: SigningKey,
): Promise<boolean> {
  const bytes = parseBase64Url(signature);
  return bytes !== undefined && isTextSigned(secret, canonical(fields), bytes);
}
