import type { FileRecord } from "#contract/api.ts";
import type { Identity } from "../session/identities.ts";

/** Whether somebody may rename, share and delete a file: its owner, and admins. */
export function mayChange({ role, user }: Identity, { ownerId }: FileRecord): boolean {
  return role === "admin" || ownerId === user;
}
