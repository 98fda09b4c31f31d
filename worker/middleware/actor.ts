import type { Actor } from "#contract/audit.ts";
import type { AppContext } from "../app-env.ts";

/** Whoever a request is from, as the audit names them. For routes behind `authenticate` or `authenticateUpload`. */
export function actorOf(c: AppContext): Actor {
  const { tenantId, userId, role } = c.get("identity");
  const kind = c.get("grant") === undefined ? role : "grant";
  return { tenantId, id: userId, kind, requestId: c.get("requestId") };
}
