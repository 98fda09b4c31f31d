import type { EntityAction, EntityGrant } from "#contract/entity-grants.ts";
import { AppError } from "#contract/errors.ts";
import type { Identity, Role, UserId } from "#contract/ids.ts";
import { SharePermission } from "#contract/sharing.ts";

/**
 * What can be done with a file: see its record, read its bytes, send a new version, change it (name, tags, entity, which
 * version is served), share it, make it public, put it into the trash, take it out again, remove it for good.
 */
export const ACTIONS = [
  "view",
  "download",
  "replace",
  "edit",
  "share",
  "publish",
  "delete",
  "restore",
  "purge",
] as const;
export type Action = (typeof ACTIONS)[number];

/** What a caller is to a file of their own tenant. A holder of a link or a signed URL has that and no relation. */
export type Relation = "owner" | "admin" | "service" | SharePermission | "colleague" | "stranger";

const ALL: ReadonlySet<Action> = new Set(ACTIONS);

/** The one table of who may do what. Whoever may not even view a file is told that there is none. */
const ALLOWED: Readonly<Record<Relation, ReadonlySet<Action>>> = {
  owner: ALL,
  admin: ALL,
  service: ALL,
  delete: new Set(["view", "download", "delete"]),
  download: new Set(["view", "download"]),
  view: new Set(["view"]),
  colleague: new Set(["view", "download"]),
  stranger: new Set(),
};

/** What of a file decides who may do what with it. */
export interface FileStanding {
  readonly ownerId: UserId;
  readonly isDeleted: boolean;
  /** What it is attached to. */
  readonly entity: { readonly type: string; readonly id: string } | undefined;
  /** What was shared of it with the caller. */
  readonly shared: SharePermission | undefined;
  /** Whether all of its tenant may read it: it is attached to an entity, and the tenant's setting says so. */
  readonly isOpen: boolean;
}

export function relationOf(
  identity: Identity,
  { ownerId, isDeleted, shared, isOpen }: FileStanding,
): Relation {
  if (identity.role !== "member") return identity.role;
  if (ownerId === identity.userId) return "owner";
  // The trash is its owner's: to everybody else, a deleted file is gone.
  if (isDeleted) return "stranger";
  // A share of one that all may read matters where it lets its user do more.
  if (isOpen && shared !== "delete") return "colleague";
  return shared ?? "stranger";
}

/**
 * What each action of an entity grant lets its holder do with what is attached to the entity, whoever's it is: nothing
 * of what its user may do beside it. Files in the trash are gone to it.
 */
const GRANTED: Readonly<Record<EntityAction, ReadonlySet<Action>>> = {
  list: new Set(["view"]),
  view: new Set(["view"]),
  download: new Set(["view", "download"]),
  upload: new Set(),
  delete: new Set(["view", "delete"]),
};

/** And with what its user has uploaded there, where it is for uploads. */
const GRANTED_UPLOADER: ReadonlySet<Action> = new Set(["view", "replace"]);

function isGranted(grant: EntityGrant, isOwner: boolean, file: FileStanding, action: Action): boolean {
  const { entity, isDeleted } = file;
  if (isDeleted || entity?.type !== grant.entityType || entity.id !== grant.entityId) return false;
  if (isOwner && grant.allow.includes("upload") && GRANTED_UPLOADER.has(action)) return true;
  return grant.allow.some((each) => GRANTED[each].has(action));
}

/** Whether what the caller may do with a file comes from a share of it alone, and so ends with that. */
export function isByShare(identity: Identity, file: FileStanding): boolean {
  if (identity.entityGrant !== undefined) return false;
  return !file.isOpen && SharePermission.safeParse(relationOf(identity, file)).success;
}

/** The one place where it is decided what a caller may do with a file of their own tenant. */
export function isAllowed(identity: Identity, file: FileStanding, action: Action): boolean {
  const { entityGrant, userId } = identity;
  if (entityGrant !== undefined) return isGranted(entityGrant, file.ownerId === userId, file, action);
  return ALLOWED[relationOf(identity, file)].has(action);
}

/**
 * Throws `FILE_NOT_FOUND` where the caller may not know of the file, `PERMISSION_REQUIRED` where they may not do this.
 * @param detail what is said of that, where the action isn't what was asked for
 */
export function requireAllowed(
  identity: Identity,
  file: FileStanding,
  action: Action,
  detail = `The caller may not ${action} this file.`,
): void {
  if (!isAllowed(identity, file, "view")) throw new AppError("FILE_NOT_FOUND");
  if (!isAllowed(identity, file, action)) throw new AppError("PERMISSION_REQUIRED", { detail });
}

/** Throws `ROLE_REQUIRED` for a caller whose role is none of `roles`. */
export function requireRole({ role }: Identity, ...roles: readonly Role[]): void {
  if (roles.includes(role)) return;
  throw new AppError("ROLE_REQUIRED", { detail: `This takes the role ${roles.join(" or ")}.` });
}
