import type { UploadGrant, UploadGrantRequest } from "#contract/api.ts";
import type { FileVersionRef, Identity } from "#contract/ids.ts";
import { newFileId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { applyEntity, grantEndMs, requireGranting, requireRenewable, scopeError } from "./grants.ts";
import { takeVersionOf } from "./new-versions.ts";
import { settingsOf } from "./tenants.ts";

/**
 * A grant of one upload (R10). The file's id, or the number of its next version, is chosen here, so that the upload can
 * begin only once: its record's key is taken from then on. Throws `ROLE_REQUIRED` for a member, and as `takeVersionOf`.
 */
export async function mintUploadGrant(
  env: DatabaseBindings,
  identity: Identity,
  request: UploadGrantRequest,
  nowMs: number,
): Promise<UploadGrant> {
  requireGranting(identity);
  const { userId, expiresInSeconds, ...scope } = request;
  const { tenantId } = identity;
  const { replaces } = scope;
  return {
    identity: { tenantId, userId: userId ?? identity.userId, role: "member" },
    ref:
      replaces === undefined
        ? { tenantId, fileId: newFileId(), version: 1 }
        : await takeVersionOf(env, identity, replaces, { settings: await settingsOf(env, tenantId), nowMs }),
    scope,
    expiresAtMs: grantEndMs(nowMs, expiresInSeconds),
  };
}

/** The same grant, of the same upload, for longer. Throws as `requireRenewable`. */
export function renewUploadGrant(
  caller: Identity,
  grant: UploadGrant | undefined,
  expiresInSeconds: number,
  nowMs: number,
): UploadGrant {
  const standing = ({ identity, expiresAtMs }: UploadGrant) => ({ ...identity, expiresAtMs });
  const renewable = requireRenewable(caller, grant, standing, nowMs);
  return { ...renewable, expiresAtMs: grantEndMs(nowMs, expiresInSeconds) };
}

/** Whether a caller may ask for an upload at all: any where there is no grant, and no other than the grant's. */
export function isWithinGrant(grant: UploadGrant | undefined, ref: FileVersionRef): boolean {
  if (grant === undefined) return true;
  const { tenantId, fileId, version } = grant.ref;
  return ref.tenantId === tenantId && ref.fileId === fileId && ref.version === version;
}

/**
 * What tells one creation from another: a grant is the key of one, which may be asked for again. Of the length and all
 * that is declared, in whatever order and by whichever protocol.
 */
export async function creationKeyOf(
  metadata: ReadonlyMap<string, string>,
  lengthBytes: number | null,
): Promise<string> {
  const declared = JSON.stringify([lengthBytes, [...metadata].sort(([a], [b]) => (a < b ? -1 : 1))]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(declared));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/**
 * What an upload declares, with what its grant says of it. Throws `GRANT_SCOPE` where the two contradict each other.
 */
export function applyGranted(
  { scope }: UploadGrant,
  metadata: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const { replaces, tags = [] } = scope;
  if (metadata.has("replaces") && metadata.get("replaces") !== replaces) {
    throw scopeError("replaces", "The grant is for another upload: of a new file, or of another's version.");
  }
  const applied = new Map(applyEntity(scope, metadata));
  if (tags.length > 0) applied.set("tags", [...tags, metadata.get("tags") ?? ""].join(","));
  return applied;
}

/**
 * Throws `GRANT_SCOPE` where a file is larger, or of another type, than its grant allows.
 * @param lengthBytes null while it isn't known
 */
export function requireGrantedFile(grant: UploadGrant, mimeType: string, lengthBytes: number | null): void {
  const { maxBytes, types = [] } = grant.scope;
  if (maxBytes !== undefined && lengthBytes !== null && lengthBytes > maxBytes) {
    throw scopeError("length", `The grant allows ${maxBytes} bytes at most.`);
  }
  if (!allowsType(grant, mimeType)) {
    throw scopeError("filetype", `The grant allows ${types.join(", ")}; this is ${mimeType}.`);
  }
}

/** Whether a grant is for files of a type. */
export function allowsType({ scope: { types } }: UploadGrant, mimeType: string): boolean {
  const kind = mimeType.slice(0, mimeType.indexOf("/") + 1);
  return types?.some((pattern) => pattern === mimeType || pattern === `${kind}*`) ?? true;
}

/** Throws `GRANT_SCOPE` for what isn't a file by itself: a partial upload, or one made of such. */
export function requireGrantedKind(grant: UploadGrant | undefined, kind: "file" | "partial" | "final"): void {
  if (grant === undefined || kind === "file") return;
  throw scopeError("Upload-Concat", "An upload grant is for one upload, not for parts of one.");
}
