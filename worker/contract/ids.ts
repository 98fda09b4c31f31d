import { z } from "zod";
import type { EntityGrant } from "./entity-grants.ts";

/** What a tenant's id is, in words. */
export const TENANT_ID_RULE =
  "is 1 to 63 letters and digits (ASCII), - and _, beginning with a letter or a digit";

/** A tenant: it names Durable Objects and begins object keys, so its alphabet is narrow. */
export const TenantId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, TENANT_ID_RULE)
  .brand<"TenantId">();
export type TenantId = z.infer<typeof TenantId>;

/** What a user's id is, in words. */
export const USER_ID_RULE = "is 1 to 128 letters and digits (ASCII), and any of - _ . : @ | +";

/** A user as the CRM's identity provider names them (`auth0|12`, an address, a UUID). */
export const UserId = z
  .string()
  .regex(/^[\w.:@|+-]{1,128}$/, USER_ID_RULE)
  .brand<"UserId">();
export type UserId = z.infer<typeof UserId>;

/** 128 random bits in Crockford's base 32, lower case: unguessable, and without anything internal in it. */
const RandomId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/);
export const FileId = RandomId.brand<"FileId">();
export type FileId = z.infer<typeof FileId>;

/** A share link's id, made as a file's is. */
export const ShareLinkId = RandomId.brand<"ShareLinkId">();
export type ShareLinkId = z.infer<typeof ShareLinkId>;

/** The id of a tenant's erasure, made as a file's is. */
export const ErasureId = RandomId.brand<"ErasureId">();
export type ErasureId = z.infer<typeof ErasureId>;

/** The id of a rescan, made as a file's is. */
export const RescanId = RandomId.brand<"RescanId">();
export type RescanId = z.infer<typeof RescanId>;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH = 26;

function newRandomId(): string {
  const random = crypto.getRandomValues(new Uint8Array(ID_LENGTH));
  // 256 is a multiple of 32, so taking five bits of each byte favours no letter.
  return Array.from(random, (byte) => ALPHABET.charAt(byte & 31)).join("");
}

/** A new, random file id. The last path segment of an upload's URL is the same id. */
export function newFileId(): FileId {
  return FileId.parse(newRandomId());
}

export function newShareLinkId(): ShareLinkId {
  return ShareLinkId.parse(newRandomId());
}

export function newErasureId(): ErasureId {
  return ErasureId.parse(newRandomId());
}

export function newRescanId(): RescanId {
  return RescanId.parse(newRandomId());
}

/** The id of an entity grant, made as a file's is. */
export function newGrantId(): string {
  return newRandomId();
}

/** What a caller may do at all; what they may do with one file is `services/permissions.ts`. */
export const Role = z.enum(["member", "admin", "service"]);
export type Role = z.infer<typeof Role>;

/** Who is asking, from a verified credential and nothing else (R21). */
export const Identity = z.object({ tenantId: TenantId, userId: UserId, role: Role });
export type Identity = z.infer<typeof Identity> & {
  /** Of who has an entity grant in the place of a session: all that they may do. */
  readonly entityGrant?: EntityGrant | undefined;
};

/** One version of one file: what a job, a report and an object key are about. */
export const FileVersionRef = z.object({
  tenantId: TenantId,
  fileId: FileId,
  version: z.int().min(1),
});
export type FileVersionRef = z.infer<typeof FileVersionRef>;
