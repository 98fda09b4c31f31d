import { addAbortSignal, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { PutObjectCommandInput, StorageClass } from "@aws-sdk/client-s3";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { ObjectSettings } from "#contract/object-settings.ts";
import { ProcessorFailure } from "./failure.ts";

export interface ObjectStoreOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly forcePathStyle: boolean;
  /** What is said of each derivative. */
  readonly object?: ObjectSettings;
  /** How long the store may be silent. */
  readonly silenceMs?: number;
}

/** An object being read. Its bytes come once; whoever stops reading early ends the request. */
export interface StoredObject {
  readonly sizeBytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

const CONNECT_DEADLINE_MS = 5_000;
/** Longest silence before an answer, and in the middle of a body that is waited for. */
const SILENCE_DEADLINE_MS = 30_000;
const PUT_DEADLINE_MS = 60_000;

/**
 * The bucket, through any S3-compatible endpoint (R2, its local double in workerd, S3 itself).
 * Permissions: GetObject on what is uploaded, PutObject on derivatives (PutObjectTagging too where there are tags), and
 * ListBucket, without which S3 calls a missing object forbidden.
 */
export class ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #written: Partial<PutObjectCommandInput>;
  readonly #silenceMs: number;

  constructor(options: ObjectStoreOptions) {
    this.#bucket = options.bucket;
    this.#silenceMs = options.silenceMs ?? SILENCE_DEADLINE_MS;
    this.#written = writtenWith(options.object ?? {});
    this.#client = openClient(options);
  }

  /**
   * Opens the very object that has this ETag, or whatever is there; undefined when it is gone or was replaced.
   * Throws STORE_UNAVAILABLE, here and while the body is read.
   * @param signal ends the read of the body too
   */
  async findObject(
    key: string,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<StoredObject | undefined> {
    const IfMatch = etag === undefined ? undefined : quoteEtag(etag);
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch });
    try {
      return await this.#open(command, signal);
    } catch (cause) {
      if (isGone(cause)) return undefined;
      throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "reading an object", cause });
    }
  }

  /** Bytes of the very object that has this ETag: exactly so many. Throws STORE_UNAVAILABLE, also when it is gone. */
  async readRange(
    { objectKey, etag }: { readonly objectKey: string; readonly etag: string },
    { offset, length }: { readonly offset: number; readonly length: number },
    signal: AbortSignal,
  ): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const Range = `bytes=${offset}-${offset + length - 1}`;
    const wanted = { Bucket: this.#bucket, Key: objectKey, IfMatch: quoteEtag(etag), Range };
    try {
      const { body } = await this.#open(new GetObjectCommand(wanted), signal);
      const bytes = await buffer(body);
      if (bytes.byteLength !== length) throw new Error(`${bytes.byteLength} of ${length} bytes came`);
      return bytes;
    } catch (cause) {
      throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "reading a range", cause });
    }
  }

  /** The deadline is for the answer; of the body only what is waited for has one: a reader may take its time. */
  async #open(command: GetObjectCommand, signal: AbortSignal): Promise<StoredObject> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no answer")), this.#silenceMs);
    const abortSignal = AbortSignal.any([signal, late.signal]);
    try {
      const { Body, ContentLength } = await this.#client.send(command, { abortSignal });
      if (Body === undefined || ContentLength === undefined)
        throw new Error("an answer without body or length");
      // The client runs in Node only, where the body is always a Readable.
      const body = readBody(addAbortSignal(signal, Body as Readable), this.#silenceMs);
      return { sizeBytes: ContentLength, body };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes a small object; writing the same again changes nothing. Throws STORE_UNAVAILABLE. */
  async put(key: string, bytes: Uint8Array, contentType: string, signal: AbortSignal): Promise<void> {
    const facts = { Bucket: this.#bucket, Key: key, ContentType: contentType };
    const object = { ...this.#written, ...facts, Body: bytes };
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PUT_DEADLINE_MS)]);
    try {
      await this.#client.send(new PutObjectCommand(object), { abortSignal });
    } catch (cause) {
      throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "writing an object", cause });
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#client.destroy();
  }
}

export function writtenWith({
  encryption,
  storageClass,
  tagging,
}: ObjectSettings): Partial<PutObjectCommandInput> {
  return {
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.keyId === undefined ? {} : { SSEKMSKeyId: encryption.keyId }),
    // Of the SDK's own type are those that it knows; stores other than Amazon's have more.
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(tagging === undefined ? {} : { Tagging: tagging }),
  };
}

/**
 * A client of the bucket's service, that waits for no connection for ever. Its callers have deadlines of their own: the
 * client's would count a reader's rest as the store's silence.
 */
export function openClient(
  options: Pick<
    ObjectStoreOptions,
    "endpoint" | "region" | "forcePathStyle" | "accessKeyId" | "secretAccessKey"
  >,
): S3Client {
  return new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    requestHandler: { connectionTimeout: CONNECT_DEADLINE_MS, socketTimeout: 0 },
    // workerd never answers 100-continue.
    expectContinueHeader: false,
    // R2 doesn't have all of the SDK's default checksums; what is read is hashed by us, and bound by its ETag.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** If-Match takes a quoted ETag (RFC 9110, 8.8.3); R2's binding hands out both forms. */
function quoteEtag(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}

/** By name, not by status: a bucket that doesn't exist is a 404 too, and no reason to call a job done. */
function isGone(error: unknown): boolean {
  return error instanceof Error && ["NoSuchKey", "PreconditionFailed"].includes(error.name);
}

async function* readBody(body: Readable, silenceMs: number): AsyncGenerator<Uint8Array> {
  const onSilence = (): void => void body.destroy(new Error("The store fell silent."));
  let silence = setTimeout(onSilence, silenceMs);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(silence);
      yield chunk;
      silence = setTimeout(onSilence, silenceMs);
    }
  } catch (cause) {
    throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "reading a body", cause });
  } finally {
    clearTimeout(silence);
  }
}
