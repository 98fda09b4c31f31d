import { AppError } from "#contract/errors.ts";
import type { SigningKey } from "#contract/hmac.ts";
import { ShareLinkId, TenantId } from "#contract/ids.ts";
import { isSigned, sign, signingKey } from "./hmac.ts";

/** What a share link's token says, and all it says: the tenant comes from nothing else. */
export interface SharedLink {
  readonly tenantId: TenantId;
  readonly linkId: ShareLinkId;
}

function fieldsOf({ tenantId, linkId }: SharedLink, kid: string): readonly string[] {
  return ["causeway-share-link", tenantId, linkId, kid];
}

/** `<tenant>.<link>.<key>.<signature>`: none of them can have a dot in it. Signed by the first key. */
export async function signShareToken(link: SharedLink, keys: readonly SigningKey[]): Promise<string> {
  const key = signingKey(keys);
  return [link.tenantId, link.linkId, key.kid, await sign(fieldsOf(link, key.kid), key)].join(".");
}

/** The link that a token is of. Stateless. Throws `SHARE_LINK_NOT_FOUND` for all that isn't one of our tokens. */
export async function verifyShareToken(token: string, keys: readonly SigningKey[]): Promise<SharedLink> {
  const [tenant, id, kid, signature = "", ...more] = token.split(".");
  const tenantId = TenantId.safeParse(tenant);
  const linkId = ShareLinkId.safeParse(id);
  const key = keys.find((candidate) => candidate.kid === kid);
  const isToken = tenantId.success && linkId.success && key !== undefined && more.length === 0;
  if (!isToken) throw new AppError("SHARE_LINK_NOT_FOUND");
  const link = { tenantId: tenantId.data, linkId: linkId.data };
  if (await isSigned(fieldsOf(link, key.kid), signature, key)) return link;
  throw new AppError("SHARE_LINK_NOT_FOUND");
}
