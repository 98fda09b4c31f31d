import { z } from "zod";
import { Disposition, Variant } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { FileId, ShareLinkId, TenantId, UserId } from "#contract/ids.ts";
import { openAsker, openEntity, sealAsker, SealedEntity, sealEntity } from "./asker.ts";
import { isSigned, sign, signingKey } from "./hmac.ts";

/** What is signed as it is, and stands in a URL to be read by anybody. */
const OpenFields = z.object({
  fileId: FileId,
  tenantId: TenantId,
  version: z.coerce.number().int().min(1),
  variant: Variant,
  disposition: Disposition,
  expiresAtSeconds: z.coerce.number().int().min(0),
  /** The share link that it was made through, if it was: it ends with that. */
  linkId: ShareLinkId.optional(),
});

/** What a signed URL is bound to, and all it is bound to. The name in its path is for people and isn't signed. */
export const SignedDownload = OpenFields.extend({
  /** The member that it was made for, if it was for one: it is good while that member may download the file. */
  askedBy: UserId.optional(),
  /** The entity that it was made within, if it was by a grant for one: it is good while the file is attached to that. */
  within: SealedEntity.optional(),
});
export type SignedDownload = z.infer<typeof SignedDownload>;

/** The same as a URL has it. */
const SealedDownload = OpenFields.extend({ by: z.string().optional(), in: z.string().optional() });
type SealedDownload = z.infer<typeof SealedDownload>;

/** A signature for GET covers HEAD: whoever may read may ask how much there is to read. */
const METHOD = "GET";

function fieldsOf(sealed: SealedDownload, kid: string): readonly (string | number)[] {
  const {
    tenantId,
    fileId,
    version,
    variant,
    disposition,
    expiresAtSeconds,
    linkId,
    by,
    in: within,
  } = sealed;
  const fields = [METHOD, tenantId, fileId, version, variant, disposition, expiresAtSeconds, kid];
  const through = linkId === undefined ? [] : [linkId];
  return [
    "causeway-signed-url",
    ...fields,
    ...through,
    ...(by === undefined ? [] : ["by", by]),
    ...(within === undefined ? [] : ["in", within]),
  ];
}

function queryOf(sealed: SealedDownload, kid: string, sig: string): string {
  const query = new URLSearchParams({
    t: sealed.tenantId,
    v: String(sealed.version),
    variant: sealed.variant,
    disp: sealed.disposition,
    exp: String(sealed.expiresAtSeconds),
    ...(sealed.linkId === undefined ? {} : { link: sealed.linkId }),
    ...(sealed.by === undefined ? {} : { by: sealed.by }),
    ...(sealed.in === undefined ? {} : { in: sealed.in }),
    kid,
    sig,
  });
  return query.toString();
}

/**
 * Path and query of a signed URL (R44): HMAC-SHA256 by the first key.
 * @param filename what the last path segment says, for people and for `wget`
 */
export async function signDownload(
  { askedBy, within, ...download }: SignedDownload,
  filename: string,
  keys: readonly SigningKey[],
): Promise<string> {
  const key = signingKey(keys);
  const by = askedBy === undefined ? undefined : await sealAsker(askedBy, key);
  const sealed = { ...download, by, in: within === undefined ? undefined : await sealEntity(within, key) };
  const query = queryOf(sealed, key.kid, await sign(fieldsOf(sealed, key.kid), key));
  return `/d/${download.fileId}/${encodeURIComponent(filename)}?${query}`;
}

/** Nothing is left out, doubled, added, or spelled in another way. */
function isSpelledAsSigned(sealed: SealedDownload, search: string, query: URLSearchParams): boolean {
  return search === `?${queryOf(sealed, query.get("kid") ?? "", query.get("sig") ?? "")}`;
}

/**
 * What a signed URL allows. Stateless. Throws `SIGNATURE_INVALID` for anything that was changed, though it means the
 * same, or isn't ours, and `SIGNED_URL_EXPIRED` only when the signature is right.
 * @param search the query as it came, with its question mark
 */
export async function verifySignedUrl(
  fileId: string,
  search: string,
  keys: readonly SigningKey[],
  nowMs: number,
): Promise<SignedDownload> {
  const query = new URLSearchParams(search);
  const parsed = SealedDownload.safeParse({
    fileId,
    tenantId: query.get("t"),
    version: query.get("v"),
    variant: query.get("variant"),
    disposition: query.get("disp"),
    expiresAtSeconds: query.get("exp"),
    linkId: query.get("link") ?? undefined,
    by: query.get("by") ?? undefined,
    in: query.get("in") ?? undefined,
  });
  const key = keys.find((candidate) => candidate.kid === query.get("kid"));
  if (!parsed.success || key === undefined) throw new AppError("SIGNATURE_INVALID");
  if (!isSpelledAsSigned(parsed.data, search, query)) throw new AppError("SIGNATURE_INVALID");
  const genuine = await isSigned(fieldsOf(parsed.data, key.kid), query.get("sig") ?? "", key);
  if (!genuine) throw new AppError("SIGNATURE_INVALID");
  const { by, in: within, ...download } = parsed.data;
  if (download.expiresAtSeconds * 1000 <= nowMs) throw new AppError("SIGNED_URL_EXPIRED");
  return {
    ...download,
    ...(by === undefined ? {} : { askedBy: await openAsker(by, key) }),
    ...(within === undefined ? {} : { within: await openEntity(within, key) }),
  };
}
