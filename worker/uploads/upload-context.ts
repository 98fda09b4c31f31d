import { z } from "zod";
import { FileId, Identity } from "#contract/ids.ts";

/** Header in which the worker tells the object what it has verified. A caller's own is never passed on. */
export const UPLOAD_CONTEXT_HEADER = "x-causeway-upload";

/** Who asks for which upload; for a creation also what was validated. */
const UploadContext = z.object({
  identity: Identity,
  fileId: FileId,
  requestId: z.string(),
  creation: z
    .object({
      version: z.int(),
      declaredType: z.string(),
      lengthBytes: z.int().nullable(),
      metadata: z.string().nullable(),
    })
    .optional(),
});
export type UploadContext = z.infer<typeof UploadContext>;

/** The request as the object gets it: the caller's, with the verified context in place of the credential. */
export function withUploadContext(request: Request, context: UploadContext): Request {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  headers.set(UPLOAD_CONTEXT_HEADER, encodeURIComponent(JSON.stringify(context)));
  return new Request(request, { headers });
}

export function readUploadContext(request: Request): UploadContext {
  const text = request.headers.get(UPLOAD_CONTEXT_HEADER) ?? "";
  return UploadContext.parse(JSON.parse(decodeURIComponent(text)));
}

/** Name of an upload's Durable Object. The tenant is in it, so another tenant's caller reaches another, empty object. */
export function uploadObjectName(identity: Identity, fileId: FileId): string {
  return `${identity.tenantId}/${fileId}`;
}
