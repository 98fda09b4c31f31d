import type { Actor } from "#contract/audit.ts";
import { actorAs } from "#contract/audit.ts";
import type { AppContext } from "../app-env.ts";

/** Whoever a request is from, as the audit names them. For routes behind `authenticate` or `authenticateUpload`. */
export function actorOf(c: AppContext): Actor {
  const identity = c.get("identity");
  const kind = c.get("grant") === undefined ? identity.role : "grant";
  return actorAs(identity, kind, c.get("requestId"));
}

/** Who asks and who is named for it, for services that change something. */
export function callerOf(c: AppContext) {
  return { identity: c.get("identity"), actor: actorOf(c) };
}
