import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";
import { declareLate } from "../services/late-details.ts";
import { releaseUnreadBody } from "../unread-body.ts";
import type { IetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { parseIetfCreation } from "../uploads/ietf/ietf-creation.ts";
import { readFormHead } from "../uploads/plain/form-creation.ts";
import { FormReader, isForm } from "../uploads/plain/form-reader.ts";
import type { PlainTarget } from "../uploads/plain/plain-upload.ts";
import { storeBody, storeForm } from "../uploads/plain/plain-upload.ts";
import { UploadClient } from "../uploads/upload-client.ts";
import { sendToObject } from "./upload-objects.ts";
import type { Creation } from "./uploads.ts";
import { acceptIetf, forgetCreation } from "./uploads.ts";

/** Nobody can go on with a plain upload: if its request and all that cleans up after it die, it ends by itself soon. */
const PLAIN_IDLE_MS = 10 * 60_000;

/**
 * Takes a file that comes whole in one request, the body itself or the one file of a form (R12), and returns which
 * version of which file it is, when it is stored.
 */
export function storePlainUpload(c: AppContext): Promise<FileVersionRef> {
  const isFormed = isForm(c.req.header("Content-Type") ?? null);
  const storing = isFormed ? storeFormUpload(c) : storeBodyUpload(c);
  // A client that goes away ends its request's handler: what it left behind is still to be discarded.
  c.executionCtx.waitUntil(storing.catch(() => {}));
  return storing;
}

function refOf(c: AppContext, { fileId, version }: Creation): FileVersionRef {
  return { tenantId: c.get("identity").tenantId, fileId, version };
}

/** @param declared what was said of the file before it */
function targetOf(c: AppContext, created: Creation, declared: IetfCreation): PlainTarget {
  const { fileId, version, creation } = created;
  const upload = { fileId, version, protocol: "ietf", idleMs: PLAIN_IDLE_MS } as const;
  return {
    create: (request) => sendToObject(c, { ...upload, creation }, request),
    send: (request) => sendToObject(c, upload, request),
    declareLate: (late) =>
      declareLate(c.env, c.get("identity"), refOf(c, created), { before: declared.metadata, late }),
    discard: () => discard(c, created),
  };
}

async function discard(c: AppContext, created: Creation): Promise<void> {
  const uploads = new UploadClient(c.env);
  const ref = refOf(c, created);
  await uploads.end(ref);
  // What needs its reservation still is complete, and about to become a file.
  if (!(await uploads.needsReservation(ref))) await forgetCreation(c, created);
}

/** What `curl --data-binary` says of a body whose type it wasn't told. */
const CURLS_TYPE = "application/x-www-form-urlencoded";

/** Fields of the resumable protocols that a plain upload hasn't. */
const RESUMING_FIELDS = [
  "Upload-Complete",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Offset",
  "X-HTTP-Method-Override",
] as const;

function asPlain(request: Request): Request {
  const headers = new Headers(request.headers);
  for (const name of RESUMING_FIELDS) headers.delete(name);
  if (headers.get("Content-Type")?.startsWith(CURLS_TYPE)) headers.delete("Content-Type");
  return new Request(request, { headers });
}

async function storeBodyUpload(c: AppContext): Promise<FileVersionRef> {
  if (c.req.header("Upload-Complete") === "?0") {
    throw new AppError("UPLOAD_HEADER_INVALID", { detail: "Uploads in pieces begin at /v1/uploads." });
  }
  const request = asPlain(c.req.raw);
  try {
    const declared = parseIetfCreation(request);
    const accepted = await acceptIetf(c, declared);
    await storeBody(targetOf(c, accepted, declared), request);
    return refOf(c, accepted);
  } finally {
    await releaseUnreadBody(request);
  }
}

async function storeFormUpload(c: AppContext): Promise<FileVersionRef> {
  const form = new FormReader(c.req.raw);
  try {
    const head = await readFormHead(form, c.req.raw);
    const ofHead = parseIetfCreation(new Request(c.req.url, { headers: head.headers }));
    const declared = { ...ofHead, metadata: new Map([...ofHead.metadata, ...head.fields]) };
    const accepted = await acceptIetf(c, declared, { goesOn: true });
    await storeForm(targetOf(c, accepted, declared), form, head);
    return refOf(c, accepted);
  } finally {
    form.leave();
    await releaseUnreadBody(c.req.raw);
  }
}
