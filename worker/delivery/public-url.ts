import { z } from "zod";
import { AppError } from "#contract/errors.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { FileId, TenantId } from "#contract/ids.ts";
import { isSigned, sign, signingKey } from "./hmac.ts";

/**
 * URLs of public files: `/p/<fileId>/<name>?t=<tenant>&kid=…&sig=…`. They don't expire and are for whatever version is
 * current; the signature says that the tenant is the file's, so that nobody can ask other tenants' databases about ids.
 * Variant and disposition are the reader's choice and not signed: all of a public file is public.
 */
const PublicFile = z.object({ tenantId: TenantId, fileId: FileId });
export type PublicFile = z.infer<typeof PublicFile>;

/** The leading words keep this signature from being a signed URL's, and that one's from being this. */
function fieldsOf({ tenantId, fileId }: PublicFile, kid: string): readonly string[] {
  return ["causeway-public-url", tenantId, fileId, kid];
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
    const key = signingKey(keys);
    const sig = await sign(fieldsOf({ tenantId, fileId }, key.kid), key);
    const query = new URLSearchParams({ t: tenantId, kid: key.kid, sig });
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
  if (!parsed.success || key === undefined) throw new AppError("SIGNATURE_INVALID");
  if (!(await isSigned(fieldsOf(parsed.data, key.kid), query.sig, key)))
    throw new AppError("SIGNATURE_INVALID");
  return parsed.data;
}
