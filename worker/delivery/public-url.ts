import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import { FileId, TenantId } from "#contract/ids.ts";
import type { SigningKey } from "./signed-url.ts";
import { fromBase64Url, importKey, toBase64Url } from "./signed-url.ts";

/**
 * URLs of public files: `/p/<fileId>/<name>?t=<tenant>&kid=…&sig=…`. They don't expire and are for whatever version is
 * current; the signature says that the tenant is the file's, so that nobody can ask other tenants' databases about ids.
 * Variant and disposition are the reader's choice and not signed: all of a public file is public.
 */
const PublicFile = z.object({ tenantId: TenantId, fileId: FileId });
export type PublicFile = z.infer<typeof PublicFile>;

/** The leading words keep this signature from being a signed URL's, and that one's from being this. */
function canonical({ tenantId, fileId }: PublicFile, kid: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(["causeway-public-url", tenantId, fileId, kid].join("\n")));
}

interface NamedFile {
  readonly tenantId: TenantId;
  readonly id: FileId;
  /** What the last path segment says, for people and for `wget`. */
  readonly filename: string;
}

/** What makes public files' URLs at `origin`, signed by the first key. */
export function publicUrlMaker(
  origin: string,
  keys: readonly SigningKey[],
): (file: NamedFile) => Promise<string> {
  return async ({ tenantId, id: fileId, filename }) => {
    const [key] = keys;
    if (key === undefined) throw new Error("There is no signing key.");
    const text = canonical({ tenantId, fileId }, key.kid);
    const signature = await crypto.subtle.sign("HMAC", await importKey(key.secret), text);
    const query = new URLSearchParams({ t: tenantId, kid: key.kid, sig: toBase64Url(signature) });
    return `${origin}/p/${fileId}/${encodeURIComponent(filename)}?${query.toString()}`;
  };
}

/** The file that a public URL is for. Throws `SIGNATURE_INVALID` for anything that was changed or isn't ours. */
export async function verifyPublicUrl(
  fileId: string,
  query: { readonly t: string; readonly kid: string; readonly sig: string },
  keys: readonly SigningKey[],
): Promise<PublicFile> {
  const parsed = PublicFile.safeParse({ tenantId: query.t, fileId });
  const key = keys.find((candidate) => candidate.kid === query.kid);
  const signature = fromBase64Url(query.sig);
  if (!parsed.success || key === undefined || signature === undefined)
    throw new AppError("SIGNATURE_INVALID");
  const text = canonical(parsed.data, key.kid);
  const genuine = await crypto.subtle.verify("HMAC", await importKey(key.secret), signature, text);
  if (!genuine) throw new AppError("SIGNATURE_INVALID");
  return parsed.data;
}
