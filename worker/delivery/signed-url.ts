import { z } from "zod";
import { Disposition, Variant } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import { FileId, ShareLinkId, TenantId } from "#contract/ids.ts";
import type { SigningKey } from "./hmac.ts";
import { isSigned, sign, signingKey } from "./hmac.ts";

/** What a signed URL is bound to, and all it is bound to. The name in its path is for people and isn't signed. */
export const SignedDownload = z.object({
  fileId: FileId,
  tenantId: TenantId,
  version: z.coerce.number().int().min(1),
  variant: Variant,
  disposition: Disposition,
  expiresAtSeconds: z.coerce.number().int().min(0),
  /** The share link that it was made through, if it was: it ends with that. */
  linkId: ShareLinkId.optional(),
});
export type SignedDownload = z.infer<typeof SignedDownload>;

/** A signature for GET covers HEAD: whoever may read may ask how much there is to read. */
const METHOD = "GET";

function fieldsOf(download: SignedDownload, kid: string): readonly (string | number)[] {
  const { tenantId, fileId, version, variant, disposition, expiresAtSeconds, linkId } = download;
  const fields = [METHOD, tenantId, fileId, version, variant, disposition, expiresAtSeconds, kid];
  return ["causeway-signed-url", ...fields, ...(linkId === undefined ? [] : [linkId])];
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
  const key = signingKey(keys);
  const query = new URLSearchParams({
    t: download.tenantId,
    v: String(download.version),
    variant: download.variant,
    disp: download.disposition,
    exp: String(download.expiresAtSeconds),
    ...(download.linkId === undefined ? {} : { link: download.linkId }),
    kid: key.kid,
    sig: await sign(fieldsOf(download, key.kid), key),
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
    linkId: query.get("link") ?? undefined,
  });
  const key = keys.find((candidate) => candidate.kid === query.get("kid"));
  if (!parsed.success || key === undefined) throw new AppError("SIGNATURE_INVALID");
  const signature = query.get("sig") ?? "";
  const genuine = await isSigned(fieldsOf(parsed.data, key.kid), signature, key);
  if (!genuine) throw new AppError("SIGNATURE_INVALID");
  if (parsed.data.expiresAtSeconds * 1000 <= nowMs) throw new AppError("SIGNED_URL_EXPIRED");
  return parsed.data;
}
