import { createHash } from "node:crypto";
import { sendBody } from "../body-stream.ts";
import type { ObjectPage, ObjectStore, StoreBody, StoredFacts, StoredPart } from "../object-store.ts";
import { removeInParts } from "../removals.ts";
import type { S3Config } from "../store-config.ts";
import type { S3Request } from "./client.ts";
import { retryWithin, S3Client, within } from "./client.ts";
import { amzHeadersOf } from "./object-headers.ts";
import { etagOf, getObject, headObject } from "./reading.ts";
import { codeOf, requireDocument, requireDone, StoreRefusal } from "./refusals.ts";
import { childrenOf, formatParts, formatRemovals, textOf } from "./xml.ts";

/**
 * Longest wait for a call without a body, all tries together; and for one that carries up to a part of 16 MiB, or is about a
 * thousand objects.
 */
const CALL_DEADLINE_MS = 10_000;
const STORE_DEADLINE_MS = 60_000;
/** S3, ListObjectsV2: most keys of one call. */
const PAGE_KEYS = 1_000;

/**
 * Objects in a bucket of whatever speaks S3. Permissions: GetObject, PutObject, DeleteObject and AbortMultipartUpload on
 * its objects, ListBucket on the bucket itself (without it a missing object can't be told from one that is kept back),
 * PutObjectTagging where there are tags, and the use of the key where one is named.
 */
export function s3Store(config: S3Config): ObjectStore {
  const client = new S3Client(config);
  const amzHeaders = amzHeadersOf(config.object);
  return {
    async put(key, body, contentType) {
      const request = { method: "PUT", key, amzHeaders, headers: { "Content-Type": contentType } } as const;
      const etag = await sendBytes(client, "PutObject", request, body);
      return { etag, sizeBytes: body.sizeBytes };
    },

    createMultipart: (key, contentType) =>
      retryWithin(CALL_DEADLINE_MS, async (signal) => {
        const headers = { "Content-Type": contentType };
        const request = { method: "POST", key, query: { uploads: "" }, amzHeaders, headers } as const;
        const root = await requireDocument("CreateMultipartUpload", await client.send(request, signal));
        return requireText(textOf(root, "UploadId"), "CreateMultipartUpload", "an id");
      }),

    storePart(key, multipartId, partNumber, body) {
      const query = { partNumber: String(partNumber), uploadId: multipartId };
      return sendBytes(client, "UploadPart", { method: "PUT", key, query }, body);
    },

    completeMultipart: (key, multipartId, parts) => completeMultipart(client, key, multipartId, parts),

    abortMultipart: (key, multipartId) =>
      retryWithin(CALL_DEADLINE_MS, async (signal) => {
        const request = { method: "DELETE", key, query: { uploadId: multipartId } } as const;
        await doneUnless("NoSuchUpload", "AbortMultipartUpload", await client.send(request, signal));
      }),

    head: (key) => retryWithin(CALL_DEADLINE_MS, (signal) => headObject(client, key, signal)),

    get: (key, options) => retryWithin(CALL_DEADLINE_MS, (signal) => getObject(client, key, options, signal)),

    remove: (keys) =>
      removeInParts(keys, (some) =>
        retryWithin(STORE_DEADLINE_MS, (signal) => removeObjects(client, some, signal)),
      ),

    list: (prefix) => retryWithin(CALL_DEADLINE_MS, (signal) => listObjects(client, prefix, signal)),
  };
}

/**
 * Sends an object or a part, once: its bytes may not be there a second time, and a part's number is for one attempt.
 * Returns its etag.
 */
async function sendBytes(
  client: S3Client,
  operation: string,
  request: S3Request,
  body: StoreBody,
): Promise<string> {
  return within(STORE_DEADLINE_MS, (signal) =>
    sendBody(body, async (value) => {
      const answer = await requireDone(operation, await client.send({ ...request, body: value }, signal));
      await answer.body?.cancel();
      return etagOf(answer, operation);
    }),
  );
}

async function completeMultipart(
  client: S3Client,
  key: string,
  multipartId: string,
  parts: readonly StoredPart[],
): Promise<StoredFacts | undefined> {
  return retryWithin(STORE_DEADLINE_MS, async (signal) => {
    const query = { uploadId: multipartId };
    const request = { method: "POST", key, query, body: formatParts(parts) } as const;
    try {
      await requireDocument("CompleteMultipartUpload", await client.send(request, signal));
    } catch (error) {
      if (codeOf(error) === "NoSuchUpload") return undefined;
      throw error;
    }
    // The answer doesn't say how large it is.
    return headObject(client, key, signal);
  });
}

async function removeObjects(client: S3Client, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    const request = { method: "DELETE", key: only } as const;
    await doneUnless("NoSuchKey", "DeleteObject", await client.send(request, signal));
    return;
  }
  const body = formatRemovals(keys);
  // Asked for of this call alone, and known to every S3 there is, as newer digests aren't.
  const headers = { "Content-MD5": createHash("md5").update(body).digest("base64") };
  const request = { method: "POST", query: { delete: "" }, headers, body } as const;
  const root = await requireDocument("DeleteObjects", await client.send(request, signal));
  const codes = childrenOf(root, "Error").map((error) => textOf(error, "Code") ?? "");
  const failed = codes.find((code) => code !== "NoSuchKey");
  if (failed !== undefined) throw new StoreRefusal("DeleteObjects", 500, failed);
}

async function listObjects(client: S3Client, prefix: string, signal: AbortSignal): Promise<ObjectPage> {
  const query = { "list-type": "2", prefix, "max-keys": String(PAGE_KEYS), "encoding-type": "url" };
  const root = await requireDocument("ListObjectsV2", await client.send({ method: "GET", query }, signal));
  const isEncoded = textOf(root, "EncodingType") === "url";
  const objects = childrenOf(root, "Contents").map((each) => ({
    key: requireText(textOf(each, "Key"), "ListObjectsV2", "a key"),
    sizeBytes: Number(requireText(textOf(each, "Size"), "ListObjectsV2", "a size")),
  }));
  const keys = objects.map(({ key }) => (isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key));
  // What is listed may be about to be removed.
  const stray = keys.find((key) => !key.startsWith(prefix));
  if (stray !== undefined) throw new Error("ListObjectsV2: a key without the prefix that was asked for.");
  return {
    keys,
    sizes: objects.map(({ sizeBytes }) => sizeBytes),
    isAll: textOf(root, "IsTruncated") !== "true",
  };
}

/** Throws but where it is done, or refused with that code. */
async function doneUnless(code: string, operation: string, answer: Response): Promise<void> {
  try {
    await (await requireDone(operation, answer)).body?.cancel();
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}

function requireText(text: string | undefined, operation: string, what: string): string {
  if (text === undefined || text === "") throw new Error(`${operation}: an answer without ${what}.`);
  return text;
}
