import type { ActorKind } from "#contract/audit.ts";
import { actorAs } from "#contract/audit.ts";
import type { EntityRef } from "#contract/entities.ts";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import type { Caller } from "../services/file-actions.ts";
import type { PartialSource, UploadKind } from "./state/upload-state.ts";

/** Header in which the worker tells the object what it has verified. A caller's own is never passed on. */
export const UPLOAD_CONTEXT_HEADER = "x-causeway-upload";

/** Who asks for which upload in which protocol; for a creation also what was validated. */
export interface UploadContext {
  readonly identity: Identity;
  readonly fileId: FileId;
  readonly version: number;
  readonly requestId: string;
  /** How the caller is known. */
  readonly actorKind: ActorKind;
  readonly protocol: "tus" | "ietf";
  /** Most bytes of one request's body. */
  readonly maxAppendBytes: number;
  /** The quota of a tenant that has none of its own: an upload without a length reserves as it grows. */
  readonly defaultQuotaBytes: number;
  /** How long an upload that is created now lives without progress. */
  readonly idleMs: number;
  /** How long one whose creation's client went away lives unless it is asked for. */
  readonly creationGraceMs: number;
  readonly creation?: UploadCreation;
}

export interface UploadCreation {
  readonly kind: UploadKind;
  readonly filename: string;
  readonly declaredType: string;
  readonly metadata: string | null;
  readonly concat: string | null;
  readonly reprDigests: ReprDigests;
  readonly wantedDigest: ReprDigestName | null;
  readonly lengthBytes: number | null;
  readonly maxBytes: number;
  /** Null for one that is asked for again and isn't to be begun. */
  readonly reservedBytes: number | null;
  /** Of an upload by a grant: what tells its creation from another. */
  readonly creationKey: string | null;
  /** What it is declared to be attached to. */
  readonly entity: EntityRef | null;
  readonly sources: readonly PartialSource[];
}

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
  const body = method === "HEAD" || method === "GET" ? null : request.body;
  return new Request(OBJECT_URL, { method, headers, body, redirect: "manual" });
}

export function readUploadContext(request: Request): UploadContext {
  const text = request.headers.get(UPLOAD_CONTEXT_HEADER) ?? "";
  // The worker's own words, which nobody else can send to an object: trusted, not parsed again.
  return JSON.parse(decodeURIComponent(text)) as UploadContext;
}

/** Who asks, for what an upload's request does with files, and how the audit names them. */
export function callerOf({ identity, actorKind: kind, requestId }: UploadContext): Caller {
  return { identity, actor: actorAs(identity, kind, requestId) };
}

/**
 * Name of an upload's Durable Object. The tenant is in it, so another tenant's caller reaches another, empty object.
 * Later versions of a file have objects of their own.
 */
export function uploadObjectName({ tenantId, fileId, version }: FileVersionRef): string {
  return version === 1 ? `${tenantId}/${fileId}` : `${tenantId}/${fileId}/${version}`;
}
