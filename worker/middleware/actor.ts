import type { AppContext } from "../app-env.ts";
import type { Actor } from "../db/audit.ts";

/** Who a request's credential speaks for, as the audit names them. */
export function actorOf(c: AppContext): Actor {
  const { tenantId, userId, role } = c.get("identity");
  const kind = c.get("grant") === undefined ? role : "grant";
  return { tenantId, id: userId, kind, requestId: c.get("requestId") };
}
