import { AppError } from "#contract/errors.ts";
import { withDeadline } from "../deadline.ts";
import { sendBody } from "./body-stream.ts";
import type {
  ByteRange,
  ObjectBody,
  ObjectStore,
  SentBody,
  StoreBody,
  StoredFacts,
  StoredPart,
} from "./object-store.ts";
import { removeInParts } from "./removals.ts";

/** Longest wait for a call without a body, and for one that carries up to a part of 16 MiB. */
const CALL_DEADLINE_MS = 10_000;
const STORE_DEADLINE_MS = 60_000;

/** R2's code in the message of an error, as in "put: … (10037)". */
const R2_ERROR_CODE = /\((\d{5,6})\)/;
/** "Multipart upload does not exist or was aborted"; or it was completed before. */
const NO_SUCH_UPLOAD = "10024";

/**
 * Codes that the same call is answered for ever, and what they say of an upload (Cloudflare R2, "Error codes":
 * https://developers.cloudflare.com/r2/api/error-codes/, as of 2026-11-10). Every other may be gone the next time: the
 * store's own troubles (10001, 10043, 10058), a body that was cut off (10013, 10054), and access, account or bucket
 * (10002, 10003, 10006, 10042), which an operator mends without an upload being lost.
 */
const PERMANENT: ReadonlyMap<string, string> = new Map([
  ["10011", "A part of it is smaller than the store takes."],
  ["10012", "Its type is longer than the store takes."],
  ["10020", "The store doesn't take its key."],
  [NO_SUCH_UPLOAD, "The store has dropped its parts."],
  ["10025", "The store doesn't have all of its parts."],
  ["10033", "The store isn't told its length."],
  ["10048", "Its parts aren't all of one size."],
  ["100100", "It is larger than the store takes."],
]);

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? R2_ERROR_CODE.exec(error.message)?.[1] : undefined;
}

function storeError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const detail = PERMANENT.get(codeOf(cause) ?? "");
  return detail === undefined
    ? new AppError("STORE_UNAVAILABLE", { cause })
    : new AppError("UPLOAD_LOST", { detail, cause });
}

/** Whether a call failed because there is no such multipart upload. */
function isUnknownUpload(error: unknown): boolean {
  return error instanceof AppError && codeOf(error.cause) === NO_SUCH_UPLOAD;
}

/** Throws `STORE_UNAVAILABLE`, and `UPLOAD_LOST` for what is refused for good. */
async function call<T>(work: Promise<T>, limitMs = CALL_DEADLINE_MS): Promise<T> {
  try {
    return await withDeadline(work, limitMs, "STORE_UNAVAILABLE");
  } catch (error) {
    throw storeError(error);
  }
}

/** Throws as `call`. */
async function store<T>(body: StoreBody, send: (value: SentBody) => Promise<T>): Promise<T> {
  return call(sendBody(body, send), STORE_DEADLINE_MS);
}

function factsOf(object: R2Object): StoredFacts {
  return { etag: object.etag, sizeBytes: object.size };
}

/** Objects in an R2 bucket, through the Workers binding. Needs no permission but the binding. */
export function r2Store(bucket: R2Bucket): ObjectStore {
  return {
    async put(key, body, contentType) {
      const options = { httpMetadata: { contentType } };
      return factsOf(await store(body, (value) => bucket.put(key, value, options)));
    },

    async createMultipart(key, contentType) {
      const upload = await call(bucket.createMultipartUpload(key, { httpMetadata: { contentType } }));
      return upload.uploadId;
    },

    async storePart(key, multipartId, partNumber, body) {
      const upload = bucket.resumeMultipartUpload(key, multipartId);
      const { etag } = await store(body, (value) => upload.uploadPart(partNumber, value));
      return etag;
    },

    completeMultipart: (key, multipartId, parts) => completeMultipart(bucket, key, multipartId, parts),

    async abortMultipart(key, multipartId) {
      try {
        await call(bucket.resumeMultipartUpload(key, multipartId).abort());
      } catch (error) {
        if (!isUnknownUpload(error)) throw error;
      }
    },

    async head(key) {
      const object = await call(bucket.head(key));
      return object === null ? undefined : factsOf(object);
    },

    get: (key, options) => getObject(bucket, key, options),

    remove: (keys) => removeInParts(keys, (some) => call(bucket.delete([...some]))),

    async list(prefix) {
      const { objects, truncated } = await call(bucket.list({ prefix }));
      return {
        keys: objects.map(({ key }) => key),
        sizes: objects.map(({ size }) => size),
        isAll: !truncated,
      };
    },
  };
}

async function completeMultipart(
  bucket: R2Bucket,
  key: string,
  multipartId: string,
  parts: readonly StoredPart[],
): Promise<StoredFacts | undefined> {
  const upload = bucket.resumeMultipartUpload(key, multipartId);
  try {
    return factsOf(await call(upload.complete([...parts]), STORE_DEADLINE_MS));
  } catch (error) {
    if (isUnknownUpload(error)) return undefined;
    throw error;
  }
}

async function getObject(
  bucket: R2Bucket,
  key: string,
  options: { etag?: string; range?: ByteRange },
): Promise<ObjectBody | undefined> {
  const object = await call(
    bucket.get(key, {
      ...(options.range === undefined ? {} : { range: options.range }),
      ...(options.etag === undefined ? {} : { onlyIf: { etagMatches: options.etag } }),
    }),
  );
  // An object whose condition fails comes without a body.
  if (object === null || !("body" in object)) return undefined;
  return {
    ...factsOf(object),
    body: object.body as ReadableStream<Uint8Array>,
    storedAtMs: object.uploaded.getTime(),
  };
}
