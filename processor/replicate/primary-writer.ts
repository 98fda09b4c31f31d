import { createHash, type Hash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { ProcessorFailure } from "../failure.ts";
import { type ObjectStoreOptions, openClient, writtenWith } from "../object-store.ts";
import { choosePartBytes, type CopyPart, PartBuffers, readParts } from "./parts.ts";
import { PrimaryMismatch } from "./primary-mismatch.ts";

const ABORT_DEADLINE_MS = 5_000;
const CALL_DEADLINE_MS = 120_000;

/** An object as its record has it. */
export interface RecordedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly contentType: string;
}

type Parts = AsyncIterable<CopyPart>;

/**
 * Writes the primary's objects again. Permissions: PutObject and AbortMultipartUpload on what is uploaded. Nothing takes an
 * object's place before all of its bytes have been seen to be the recorded ones.
 */
export class PrimaryWriter {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #written: ReturnType<typeof writtenWith>;

  constructor(options: ObjectStoreOptions) {
    this.#bucket = options.bucket;
    this.#written = writtenWith(options.object ?? {});
    this.#client = openClient(options);
  }

  /** In the parts of a copy, of which one is held at a time. Returns the object's etag. Throws STORE_UNAVAILABLE, and COPY_MISMATCH where the bytes aren't the recorded ones. */
  async write(object: RecordedObject, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
    const parts = checkedParts(object, body);
    return object.sizeBytes <= choosePartBytes(object.sizeBytes)
      ? this.#put(object, parts, signal)
      : this.#upload(object, parts, signal);
  }

  close(): void {
    this.#client.destroy();
  }

  /** What is one part. */
  async #put(object: RecordedObject, parts: Parts, signal: AbortSignal): Promise<string> {
    let etag: string | undefined;
    for await (const part of parts) {
      const command = new PutObjectCommand({ ...this.#describe(object), ...bodyOf(part) });
      ({ ETag: etag } = await call((abortSignal) => this.#client.send(command, { abortSignal }), signal));
    }
    return requireEtag(etag);
  }

  async #upload(object: RecordedObject, parts: Parts, signal: AbortSignal): Promise<string> {
    const create = new CreateMultipartUploadCommand(this.#describe(object));
    const { UploadId } = await call((abortSignal) => this.#client.send(create, { abortSignal }), signal);
    const upload = { Bucket: this.#bucket, Key: object.key, UploadId };
    try {
      const Parts = await this.#uploadParts(upload, parts, signal);
      const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      const { ETag } = await call((abortSignal) => this.#client.send(complete, { abortSignal }), signal);
      return requireEtag(ETag);
    } catch (error) {
      // What isn't aborted the bucket's own rule removes in time.
      const abort = new AbortMultipartUploadCommand(upload);
      const late = AbortSignal.timeout(ABORT_DEADLINE_MS);
      await this.#client.send(abort, { abortSignal: late }).catch(() => undefined);
      throw error;
    }
  }

  async #uploadParts(
    upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
    parts: Parts,
    signal: AbortSignal,
  ): Promise<{ PartNumber: number; ETag: string }[]> {
    const written: { PartNumber: number; ETag: string }[] = [];
    for await (const part of parts) {
      const PartNumber = part.index + 1;
      const command = new UploadPartCommand({ ...upload, PartNumber, ...bodyOf(part) });
      const { ETag = "" } = await call((abortSignal) => this.#client.send(command, { abortSignal }), signal);
      written.push({ PartNumber, ETag });
    }
    return written;
  }

  #describe({ key: Key, contentType: ContentType }: RecordedObject) {
    return { Bucket: this.#bucket, Key, ContentType, ...this.#written };
  }
}

/** An object's parts: the last only when all of its bytes have been seen to be the recorded ones. */
async function* checkedParts(
  { sizeBytes, sha256 }: RecordedObject,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<CopyPart> {
  const hash = createHash("sha256");
  const partBytes = choosePartBytes(sizeBytes);
  const buffers = new PartBuffers(Math.min(partBytes, sizeBytes));
  try {
    for await (const part of readParts(hashed(body, hash), sizeBytes, partBytes, buffers)) {
      if (part.isLast && hash.digest("hex") !== sha256) throw new ProcessorFailure("COPY_MISMATCH");
      yield part;
      buffers.giveBack(part.bytes);
    }
  } catch (cause) {
    if (cause instanceof PrimaryMismatch) throw new ProcessorFailure("COPY_MISMATCH", { cause });
    throw cause;
  }
}

async function* hashed(body: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The service compares the bytes with their MD5. */
function bodyOf({ bytes: Body, md5 }: CopyPart) {
  return { Body, ContentMD5: Buffer.from(md5, "hex").toString("base64") };
}

async function call<T>(send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await send(AbortSignal.any([signal, AbortSignal.timeout(CALL_DEADLINE_MS)]));
  } catch (cause) {
    throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "writing an object again", cause });
  }
}

/** As records have it: without quotes. */
function requireEtag(etag: string | undefined): string {
  if (etag === undefined) throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "no ETag was answered" });
  return etag.replaceAll('"', "");
}
