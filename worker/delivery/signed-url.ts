import { z } from "zod";
import { Disposition, Variant } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import { FileId, TenantId } from "#contract/ids.ts";

export interface SigningKey {
  readonly kid: string;
  readonly secret: string;
}

/** What a signed URL is bound to, and all it is bound to. The name in its path is for people and isn't signed. */
export const SignedDownload = z.object({
  fileId: FileId,
  tenantId: TenantId,
  version: z.coerce.number().int().min(1),
  variant: Variant,
  disposition: Disposition,
  expiresAtSeconds: z.coerce.number().int().min(0),
});
export type SignedDownload = z.infer<typeof SignedDownload>;

/** A signature for GET covers HEAD: whoever may read may ask how much there is to read. */
const METHOD = "GET";

function canonical(download: SignedDownload, kid: string): Uint8Array<ArrayBuffer> {
  const { tenantId, fileId, version, variant, disposition, expiresAtSeconds } = download;
  const fields = [METHOD, tenantId, fileId, version, variant, disposition, expiresAtSeconds, kid];
  // None of the fields can have a line feed in it, so no two downloads have the same text.
  return new Uint8Array(new TextEncoder().encode(["causeway-signed-url", ...fields].join("\n")));
}

const importedKeys = new Map<string, Promise<CryptoKey>>();

/** Imported once per isolate: importing costs as much as signing. */
export function importKey(secret: string): Promise<CryptoKey> {
  const known = importedKeys.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = new TextEncoder().encode(secret);
  const imported = crypto.subtle.importKey("raw", raw, algorithm, false, ["sign", "verify"]);
  importedKeys.set(secret, imported);
  return imported;
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]{43}$/.test(text)) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/**
 * Path and query of a signed URL (R44): HMAC-SHA256 by the first key.
 * @param filename what the last path segment says, for people and for `wget`
 */
export async function signDownload(
  download: SignedDownload,
  filename: string,
  keys: readonly SigningKey[],
): Promise<string> {
  const [key] = keys;
  if (key === undefined) throw new Error("There is no signing key.");
  const signature = await crypto.subtle.sign(
    "HMAC",
    await importKey(key.secret),
    canonical(download, key.kid),
  );
  const query = new URLSearchParams({
    t: download.tenantId,
    v: String(download.version),
    variant: download.variant,
    disp: download.disposition,
    exp: String(download.expiresAtSeconds),
    kid: key.kid,
    sig: toBase64Url(signature),
  });
  return `/d/${download.fileId}/${encodeURIComponent(filename)}?${query.toString()}`;
}

/**
 * What a signed URL allows. Stateless. Throws `SIGNATURE_INVALID` for anything that was changed or isn't ours, and
 * `SIGNED_URL_EXPIRED` only when the signature is right.
 */
export async function verifySignedUrl(
  fileId: string,
  query: URLSearchParams,
  keys: readonly SigningKey[],
  nowMs: number,
): Promise<SignedDownload> {
  const parsed = SignedDownload.safeParse({
    fileId,
    tenantId: query.get("t"),
    version: query.get("v"),
    variant: query.get("variant"),
    disposition: query.get("disp"),
    expiresAtSeconds: query.get("exp"),
  });
  const key = keys.find((candidate) => candidate.kid === query.get("kid"));
  const signature = fromBase64Url(query.get("sig") ?? "");
  if (!parsed.success || key === undefined || signature === undefined)
    throw new AppError("SIGNATURE_INVALID");
  const signed = canonical(parsed.data, key.kid);
  const genuine = await crypto.subtle.verify("HMAC", await importKey(key.secret), signature, signed);
  if (!genuine) throw new AppError("SIGNATURE_INVALID");
  if (parsed.data.expiresAtSeconds * 1000 <= nowMs) throw new AppError("SIGNED_URL_EXPIRED");
  return parsed.data;
}
