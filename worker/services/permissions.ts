import { AppError } from "#contract/errors.ts";
import type { Identity, Role } from "#contract/ids.ts";
import type { FileRow } from "../db/files.ts";

export type Action = "view" | "download" | "delete";

/**
 * The one place where it is decided what a caller may do with a file of their own tenant. Owners, admins and services
 * may do everything; whoever may not view a file is told that there is none.
 */
export function isAllowed(identity: Identity, file: FileRow, _action: Action): boolean {
  return identity.role !== "member" || file.ownerId === identity.userId;
}

const GRANTING_ROLES: readonly Role[] = ["service", "admin"];

/** Upload grants are minted by a CRM's backend or an admin. Throws `ROLE_REQUIRED` for a member. */
export function requireGranting({ role }: Identity): void {
  if (GRANTING_ROLES.includes(role)) return;
  throw new AppError("ROLE_REQUIRED", { detail: `This takes the role ${GRANTING_ROLES.join(" or ")}.` });
}
