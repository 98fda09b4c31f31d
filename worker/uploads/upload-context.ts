import { z } from "zod";
import { ActorKind } from "#contract/audit.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { FileId, Identity } from "#contract/ids.ts";
import { ReprDigests } from "#contract/jobs.ts";

/** Header in which the worker tells the object what it has verified. A caller's own is never passed on. */
export const UPLOAD_CONTEXT_HEADER = "x-causeway-upload";

const PartialSource = z.object({
  fileId: FileId,
  objectKey: z.string(),
  etag: z.string(),
  sizeBytes: z.int(),
});

/** Who asks for which upload in which protocol; for a creation also what was validated. */
const UploadContext = z.object({
  identity: Identity,
  fileId: FileId,
  requestId: z.string(),
  /** How the caller is known. */
  actorKind: ActorKind,
  protocol: z.enum(["tus", "ietf"]),
  /** Most bytes of one request's body; null for no limit but the upload's own. */
  maxAppendBytes: z.int().nullable(),
  /** How long an upload that is created now lives without progress. */
  idleMs: z.int(),
  creation: z
    .object({
      version: z.int(),
      kind: z.enum(["file", "partial", "final"]),
      filename: z.string(),
      declaredType: z.string(),
      metadata: z.string().nullable(),
      concat: z.string().nullable(),
      reprDigests: ReprDigests,
      wantedDigest: z.enum(["sha-256", "sha-512"]).nullable(),
      lengthBytes: z.int().nullable(),
      maxBytes: z.int(),
      sources: z.array(PartialSource),
    })
    .optional(),
});
export type UploadContext = z.infer<typeof UploadContext>;
export type UploadCreation = NonNullable<UploadContext["creation"]>;

/** An object is reached by its name; the caller's URL may have a host that the runtime refuses to send to. */
const OBJECT_URL = "https://upload.invalid/";

/** The request as the object gets it: the caller's, with the verified context in place of the credential. */
export function withUploadContext(request: Request, method: string, context: UploadContext): Request {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  // A WebSocket is opened by a GET: the runtime would make one of the request, whatever its method.
  headers.delete("upgrade");
  headers.set(UPLOAD_CONTEXT_HEADER, encodeURIComponent(JSON.stringify(context)));
  // tus 1.0 may make a HEAD of any method, whose body then counts for nothing; a HEAD can't have one.
  if (method === "HEAD" || method === "GET") return new Request(OBJECT_URL, { method, headers });
  return new Request(OBJECT_URL, new Request(request, { method, headers }));
}

export function readUploadContext(request: Request): UploadContext {
  const text = request.headers.get(UPLOAD_CONTEXT_HEADER) ?? "";
  return UploadContext.parse(JSON.parse(decodeURIComponent(text)));
}

/** The same of the upload that becomes, or became, a version. */
export function objectNameOf({ tenantId, fileId, version }: FileVersionRef): string {
  return version === 1 ? `${tenantId}/${fileId}` : `${tenantId}/${fileId}/${version}`;
}

/** Name of an upload's Durable Object. The tenant is in it, so another tenant's caller reaches another, empty object. */
export function uploadObjectName(identity: Identity, fileId: FileId): string {
  return `${identity.tenantId}/${fileId}`;
}
