import { AwsV4Signer } from "aws4fetch";
import { withDeadline } from "../../deadline.ts";
import type { SentBody } from "../object-store.ts";
import type { S3Config } from "../store-config.ts";
import { isPassing, storeError } from "./refusals.ts";

/** One request to the bucket, or to an object in it. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without one it is about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** S3's own (`x-amz-…`), which have to be signed. */
  readonly amzHeaders?: Readonly<Record<string, string>>;
  /** Those of HTTP, which aren't: between a Worker and a store they may be changed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: SentBody | string;
}

/** How long before another try where the store had a bad moment, in the middle. */
const RETRY_AFTER_MS = [100, 400];

/** RFC 3986: `encodeURIComponent` leaves five characters alone that a signature doesn't. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What a body is signed as: a document's own digest, and no digest for files, whose bytes TLS keeps whole and which would
 * have to be read twice.
 */
async function payloadDigest(body: SentBody | string | undefined): Promise<string> {
  if (typeof body !== "string") return "UNSIGNED-PAYLOAD";
  return toHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
}

/** Signed requests to one bucket. */
export class S3Client {
  readonly #config: S3Config;
  /** Keys of the day, which are derived in four steps. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(config: S3Config) {
    this.#config = config;
  }

  /** Sends it once. Whatever the answer says, it is an answer; throws where there is none. */
  async send(request: S3Request, signal: AbortSignal): Promise<Response> {
    const { method, headers, body } = request;
    const { accessKeyId, secretAccessKey, region } = this.#config;
    const signed = await new AwsV4Signer({
      ...{ method, url: this.#urlOf(request), accessKeyId, secretAccessKey, region },
      service: "s3",
      cache: this.#signingKeys,
      headers: { ...request.amzHeaders, "x-amz-content-sha256": await payloadDigest(body) },
    }).sign();
    const all = new Headers({
      ...Object.fromEntries(signed.headers),
      ...headers,
      // What is between would compress what it takes for text, and a range of that is no range of the object.
      "Accept-Encoding": "identity",
    });
    return fetch(signed.url, {
      ...{ method, headers: all, signal },
      ...(body === undefined ? {} : { body }),
      // A signature is for one host; and what was stored a moment ago is asked of the store alone.
      redirect: "manual",
      cache: "no-store",
    });
  }

  #urlOf({ key, query = {} }: S3Request): string {
    const { endpoint, bucket, forcePathStyle } = this.#config;
    const base = forcePathStyle ? `${endpoint}/${bucket}` : endpoint.replace("://", `://${bucket}.`);
    const path = key === undefined ? (forcePathStyle ? "" : "/") : `/${key.split("/").map(encode).join("/")}`;
    const fields = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    return `${base}${path}${fields.length === 0 ? "" : `?${fields.join("&")}`}`;
  }
}

/** Ends all that `work` does when its time is over, or it fails. Throws as `storeError` says. */
export async function within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  try {
    return await withDeadline(work(ended.signal), limitMs, "STORE_UNAVAILABLE");
  } catch (error) {
    ended.abort();
    throw storeError(error);
  }
}

/**
 * As `within`, with two more tries where the store had a bad moment: for calls that come to the same however often they
 * are carried out, and that have all they send at hand.
 */
export async function retryWithin<T>(
  limitMs: number,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within(limitMs, async (signal) => {
    for (const delayMs of RETRY_AFTER_MS) {
      try {
        return await attempt(signal);
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
      }
      await waitAbout(delayMs);
    }
    return attempt(signal);
  });
}

/** Half of it to one and a half: those who were refused together mustn't come back together. */
function waitAbout(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + Math.random())));
}
