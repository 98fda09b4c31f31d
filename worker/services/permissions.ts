import type { Identity } from "#contract/ids.ts";
import type { FileRow } from "../db/files.ts";

export type Action = "view" | "download" | "delete";

/**
 * The one place where it is decided what a caller may do with a file of their own tenant. Owners, admins and services
 * may do everything; whoever may not view a file is told that there is none.
 */
export function isAllowed(identity: Identity, file: FileRow, _action: Action): boolean {
  return identity.role !== "member" || file.ownerId === identity.userId;
}
