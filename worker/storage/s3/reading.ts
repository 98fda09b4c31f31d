import type { ByteRange, ObjectBody, StoredFacts } from "../object-store.ts";
import type { S3Client } from "./client.ts";
import { codeOf, requireDone, statusOf } from "./refusals.ts";

/** An etag as R2's binding has it: without its quotes (RFC 9110, 8.8.3). */
export function etagOf({ headers }: Response, operation: string): string {
  const etag = headers.get("ETag");
  if (etag === null) throw new Error(`${operation}: an answer without an etag.`);
  return etag.replaceAll('"', "");
}

/** Facts of an object, or undefined where there is none. */
export async function headObject(
  client: S3Client,
  key: string,
  signal: AbortSignal,
): Promise<StoredFacts | undefined> {
  const answer = await client.send({ method: "HEAD", key }, signal);
  // It has no body, so that a bucket which isn't there looks like a missing object. Lost uploads hang on that.
  if (answer.status === 404) return findMissing(client, key, signal);
  await requireDone("HeadObject", answer);
  return { etag: etagOf(answer, "HeadObject"), sizeBytes: lengthOf(answer, "HeadObject") };
}

async function findMissing(
  client: S3Client,
  key: string,
  signal: AbortSignal,
): Promise<StoredFacts | undefined> {
  const found = await getObject(client, key, {}, signal);
  if (found === undefined) return undefined;
  // It came in between.
  await found.body.cancel();
  return { etag: found.etag, sizeBytes: found.sizeBytes };
}

/** The bytes, or a range of them; undefined where there is no object with that key and, when given, that etag. */
export async function getObject(
  client: S3Client,
  key: string,
  { etag, range }: { readonly etag?: string; readonly range?: ByteRange },
  signal: AbortSignal,
): Promise<ObjectBody | undefined> {
  const headers = {
    ...(etag === undefined ? {} : { "If-Match": `"${etag}"` }),
    ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${lastOf(range)}` }),
  };
  const answer = await client.send({ method: "GET", key, headers }, signal);
  try {
    await requireDone("GetObject", answer);
  } catch (error) {
    if (codeOf(error) === "NoSuchKey" || statusOf(error) === 412) return undefined;
    throw error;
  }
  const body = answer.body as ReadableStream<Uint8Array> | null;
  if (body === null) throw new Error("GetObject: an answer without a body.");
  try {
    const facts = factsOf(answer, range);
    // Not every service knows If-Match.
    if (etag !== undefined && facts.etag !== etag) {
      await body.cancel();
      return undefined;
    }
    return { ...facts, body, storedAtMs: storedAtOf(answer) };
  } catch (error) {
    await body.cancel();
    throw error;
  }
}

function lastOf({ offset, length }: ByteRange): number {
  return offset + length - 1;
}

/** Of the whole object, and only if what comes is what was asked for. */
function factsOf(answer: Response, range: ByteRange | undefined): StoredFacts {
  const etag = etagOf(answer, "GetObject");
  const partBytes = lengthOf(answer, "GetObject");
  if (range === undefined) return { etag, sizeBytes: partBytes };
  const [, first, last, sizeBytes] =
    /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "") ?? [];
  const isAsked = Number(first) === range.offset && Number(last) === lastOf(range);
  if (!isAsked || partBytes !== range.length) throw new Error("GetObject: another range than was asked for.");
  return { etag, sizeBytes: Number(sizeBytes) };
}

function lengthOf({ headers }: Response, operation: string): number {
  const text = headers.get("Content-Length") ?? "";
  if (!/^\d+$/.test(text)) throw new Error(`${operation}: an answer without a length.`);
  return Number(text);
}

function storedAtOf({ headers }: Response): number {
  const storedAtMs = Date.parse(headers.get("Last-Modified") ?? "");
  if (Number.isNaN(storedAtMs)) throw new Error("GetObject: an answer without a time.");
  return storedAtMs;
}
