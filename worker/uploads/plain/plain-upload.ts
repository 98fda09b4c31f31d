import type { ErrorCode } from "#contract/errors.ts";
import { AppError, ERRORS, Problem } from "#contract/errors.ts";
import { PARTIAL_UPLOAD_TYPE } from "../ietf/fields.ts";
import { passFileOn } from "./form-creation.ts";
import type { FormHead } from "./form-creation.ts";
import type { FormReader } from "./form-reader.ts";

/** The upload's own object, which speaks the IETF's protocol, as a plain upload uses it. */
export interface PlainTarget {
  /** Sends the request that makes the upload. */
  create(request: Request): Promise<Response>;
  send(request: Request): Promise<Response>;
  /** Adds what is said of the file after it, if anything, to its record. Throws `UPLOAD_METADATA_INVALID` and `GRANT_SCOPE`. */
  declareLate(fields: ReadonlyMap<string, string>): Promise<void>;
  /** Ends the upload and removes its record; one that is complete after all stays. */
  discard(): Promise<void>;
}

/**
 * Stores a file that comes whole in one request (R12), by the same object as a resumable upload. Nobody can resume it:
 * what doesn't arrive whole is discarded.
 */

/** The object is reached by its name, whatever the URL. */
const OBJECT_URL = "https://upload.invalid/";

/** Stores a request's body. Throws `BODY_INCOMPLETE`, and what the object refuses it for. */
export async function storeBody(target: PlainTarget, request: Request): Promise<void> {
  await orDiscard(target, async () => requireComplete(await target.create(request)));
}

/**
 * Stores the file that `form` has come to. It is complete only when the whole form was read, so it is sent without its
 * end, and the end, which says how many bytes there are, in a second request. Throws as `storeBody`, and
 * `FORM_INVALID`.
 */
export async function storeForm(target: PlainTarget, form: FormReader, head: FormHead): Promise<void> {
  await orDiscard(target, async () => {
    const { readable, writable } = new IdentityTransformStream();
    const passing = passFileOn(form, head, writable);
    // It is met below, unless a refusal of the object's was its cause.
    passing.catch(() => {});
    const beginning = { method: "POST", headers: head.headers, body: readable };
    await requireOk(await target.create(new Request(OBJECT_URL, beginning)));
    const { sizeBytes, lateFields } = await passing;
    await target.declareLate(lateFields);
    await requireComplete(await target.send(completion(sizeBytes)));
  });
}

function completion(sizeBytes: number): Request {
  const headers = {
    "Content-Type": PARTIAL_UPLOAD_TYPE,
    "Upload-Complete": "?1",
    "Upload-Offset": String(sizeBytes),
  };
  return new Request(OBJECT_URL, { method: "PATCH", headers });
}

/** An upload that wasn't refused and isn't complete lost its client. */
async function requireComplete(answer: Response): Promise<void> {
  await requireOk(answer);
  if (answer.headers.get("Upload-Complete") !== "?1") throw new AppError("BODY_INCOMPLETE");
}

async function requireOk(answer: Response): Promise<void> {
  if (!answer.ok) throw await errorOf(answer);
  await answer.body?.cancel();
}

/** What the object refused, in terms of no protocol: where an upload is means nothing to whoever can't go on with it. */
async function errorOf(answer: Response): Promise<AppError> {
  const { code, detail, errors } = Problem.parse(await answer.json());
  const retryAfter = answer.headers.get("Retry-After");
  return new AppError(isErrorCode(code) ? code : "INTERNAL", {
    detail,
    ...(errors === undefined ? {} : { errors }),
    headers: retryAfter === null ? {} : { "Retry-After": retryAfter },
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

async function orDiscard(target: PlainTarget, store: () => Promise<void>): Promise<void> {
  try {
    await store();
  } catch (error) {
    // What can't be discarded now ends by itself, and isn't what the caller should hear of.
    await target.discard().catch(logLeftover);
    throw error;
  }
}

function logLeftover(error: unknown): void {
  console.error({ event: "discard-failed", error: String(error) });
}
