import type { AppContext } from "../app-env.ts";
import { actorOf } from "../middleware/actor.ts";
import { effectiveMethod } from "../middleware/effective-method.ts";
import { UploadClient } from "../uploads/upload-client.ts";
import type { UploadContext } from "../uploads/upload-context.ts";
import { withUploadContext } from "../uploads/upload-context.ts";

/** An upload of the caller's tenant. */
export type UploadRef = Pick<UploadContext, "fileId" | "version">;

type Target = UploadRef &
  Pick<UploadContext, "protocol" | "creation"> &
  Partial<Pick<UploadContext, "idleMs">>;

/**
 * Hands a request to the object of the upload that it is about: the caller's own, or another in its name. Throws
 * `SERVICE_UNAVAILABLE` where that can't be reached; what it refuses is an answer.
 */
export function sendToObject(c: AppContext, target: Target, request = c.req.raw): Promise<Response> {
  const { maxAppendBytes, uploadIdleMs: idleMs, creationGraceMs, defaultQuotaBytes } = c.get("config");
  const caller = { identity: c.get("identity"), requestId: c.get("requestId"), actorKind: actorOf(c).kind };
  const context = { idleMs, ...target, ...caller, maxAppendBytes, creationGraceMs, defaultQuotaBytes };
  const asked = withUploadContext(request, effectiveMethod(request), context);
  const { fileId, version } = target;
  const ref = { tenantId: c.get("identity").tenantId, fileId, version };
  return new UploadClient(c.env).fetch(ref, asked);
}
