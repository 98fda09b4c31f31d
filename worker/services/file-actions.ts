import { AppError } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import type { Actor } from "../db/audit.ts";
import type { FileWithDetails } from "../db/files.ts";
import { standingOf } from "./files.ts";
import type { Action } from "./permissions.ts";
import { requireAllowed } from "./permissions.ts";

/** Who changes something: what decides whether they may, and how the audit names them. */
export interface Caller {
  readonly identity: Identity;
  readonly actor: Actor;
}

/**
 * Throws where the caller may not do `action` with the file (as `requireAllowed`), and where it isn't in the right place
 * for it: `FILE_IN_TRASH`, `FILE_NOT_IN_TRASH`, and `FILE_NOT_FOUND` for deleting what is deleted.
 */
export function requireActionable(identity: Identity, found: FileWithDetails, action: Action): void {
  requireAllowed(identity, standingOf(found), action);
  const isInTrash = found.file.deletedAtMs !== null;
  switch (action) {
    case "view":
    case "download":
    case "purge":
      return;
    case "replace":
    case "edit":
    case "share":
    case "publish":
      if (isInTrash) throw new AppError("FILE_IN_TRASH");
      return;
    case "delete":
      if (isInTrash) throw new AppError("FILE_NOT_FOUND");
      return;
    case "restore":
      if (!isInTrash) throw new AppError("FILE_NOT_IN_TRASH");
      return;
  }
}
