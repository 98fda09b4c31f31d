import { AppError } from "#contract/errors.ts";
import type { Identity, Role, UserId } from "#contract/ids.ts";
import { SharePermission } from "#contract/sharing.ts";

/**
 * What can be done with a file: see its record, read its bytes, change it (name, tags, entity, versions), share it, make
 * it public, put it into the trash, take it out again, remove it for good.
 */
export const ACTIONS = [
  "view",
  "download",
  "edit",
  "share",
  "publish",
  "delete",
  "restore",
  "purge",
] as const;
export type Action = (typeof ACTIONS)[number];

/** What a caller is to a file of their own tenant. A holder of a link or a signed URL has that and no relation. */
export type Relation = "owner" | "admin" | "service" | SharePermission | "stranger";

const ALL: ReadonlySet<Action> = new Set(ACTIONS);

/** The one table of who may do what. Whoever may not even view a file is told that there is none. */
const ALLOWED: Readonly<Record<Relation, ReadonlySet<Action>>> = {
  owner: ALL,
  admin: ALL,
  service: ALL,
  delete: new Set(["view", "download", "delete"]),
  download: new Set(["view", "download"]),
  view: new Set(["view"]),
  stranger: new Set(),
};

/** What of a file decides: its owner, whether it is in the trash, and the share that the caller has of it. */
export interface FileStanding {
  readonly ownerId: UserId;
  readonly isDeleted: boolean;
  readonly shared: SharePermission | undefined;
}

export function relationOf(identity: Identity, { ownerId, isDeleted, shared }: FileStanding): Relation {
  if (identity.role !== "member") return identity.role;
  if (ownerId === identity.userId) return "owner";
  // The trash is its owner's: to those it was shared with, a deleted file is gone.
  return isDeleted ? "stranger" : (shared ?? "stranger");
}

/** Whether what the caller may do with a file comes from a share of it alone, and so ends with that. */
export function isByShare(identity: Identity, file: FileStanding): boolean {
  return SharePermission.safeParse(relationOf(identity, file)).success;
}

/** The one place where it is decided what a caller may do with a file of their own tenant. */
export function isAllowed(identity: Identity, file: FileStanding, action: Action): boolean {
  return ALLOWED[relationOf(identity, file)].has(action);
}

/** Throws `FILE_NOT_FOUND` where the caller may not know of the file, `PERMISSION_REQUIRED` where they may not do this. */
export function requireAllowed(identity: Identity, file: FileStanding, action: Action): void {
  if (!isAllowed(identity, file, "view")) throw new AppError("FILE_NOT_FOUND");
  if (isAllowed(identity, file, action)) return;
  throw new AppError("PERMISSION_REQUIRED", { detail: `The caller may not ${action} this file.` });
}

/** Throws `ROLE_REQUIRED` for a caller whose role is none of `roles`. */
export function requireRole({ role }: Identity, ...roles: readonly Role[]): void {
  if (roles.includes(role)) return;
  throw new AppError("ROLE_REQUIRED", { detail: `This takes the role ${roles.join(" or ")}.` });
}

/** Upload grants are minted by a CRM's backend or an admin. Throws `ROLE_REQUIRED` for a member. */
export function requireGranting(identity: Identity): void {
  requireRole(identity, "service", "admin");
}
