import { createHash } from "node:crypto";
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
import { partsOf } from "./parts-of.ts";

const MIB = 1024 * 1024;
/** In memory at a time; what is no larger is written by one call. */
const PART_BYTES = 16 * MIB;
/** S3 and R2: parts of one upload. */
const MAX_PARTS = 10_000;
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

/**
 * Writes the primary's objects again. Permissions: PutObject and AbortMultipartUpload on what is uploaded. Nothing takes an
 * object's place before all of its bytes have been seen to be the recorded ones.
 */
export class PrimaryWriter {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #written: ReturnType<typeof writtenWith>;
  readonly #partBytes: number;

  constructor(options: ObjectStoreOptions, partBytes = PART_BYTES) {
    this.#bucket = options.bucket;
    this.#written = writtenWith(options.object ?? {});
    this.#partBytes = partBytes;
    this.#client = openClient(options);
  }

  /** Of a body that is as long as the object is recorded to be. Returns its etag. Throws STORE_UNAVAILABLE, and COPY_MISMATCH where the bytes aren't the recorded ones. */
  async write(object: RecordedObject, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
    return object.sizeBytes <= this.#partBytes
      ? this.#writeAtOnce(object, body, signal)
      : this.#writeInParts(object, body, signal);
  }

  close(): void {
    this.#client.destroy();
  }

  async #writeAtOnce(
    object: RecordedObject,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    requireSame(object, bytes.byteLength, createHash("sha256").update(bytes).digest("hex"));
    const command = new PutObjectCommand({ ...this.#describe(object), Body: bytes });
    return etagOf(await call((abortSignal) => this.#client.send(command, { abortSignal }), signal));
  }

  async #writeInParts(
    object: RecordedObject,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<string> {
    const create = new CreateMultipartUploadCommand(this.#describe(object));
    const { UploadId } = await call((abortSignal) => this.#client.send(create, { abortSignal }), signal);
    const upload = { Bucket: this.#bucket, Key: object.key, UploadId };
    try {
      const Parts = await this.#writeParts(object, body, upload, signal);
      const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      return etagOf(await call((abortSignal) => this.#client.send(complete, { abortSignal }), signal));
    } catch (error) {
      // What isn't aborted the bucket's own rule removes in time.
      const abort = new AbortMultipartUploadCommand(upload);
      const late = AbortSignal.timeout(ABORT_DEADLINE_MS);
      await this.#client.send(abort, { abortSignal: late }).catch(() => undefined);
      throw error;
    }
  }

  #describe({ key: Key, contentType: ContentType }: RecordedObject) {
    return { Bucket: this.#bucket, Key, ContentType, ...this.#written };
  }

  /** All of one size but the last, as R2 wants them. */
  #partBytesFor(sizeBytes: number): number {
    return Math.max(this.#partBytes, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
  }

  async #writeParts(
    object: RecordedObject,
    body: AsyncIterable<Uint8Array>,
    upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
    signal: AbortSignal,
  ): Promise<{ PartNumber: number; ETag: string }[]> {
    const hash = createHash("sha256");
    const written: { PartNumber: number; ETag: string }[] = [];
    let sizeBytes = 0;
    for await (const part of partsOf(body, this.#partBytesFor(object.sizeBytes))) {
      hash.update(part);
      sizeBytes += part.byteLength;
      const PartNumber = written.length + 1;
      const command = new UploadPartCommand({ ...upload, PartNumber, Body: part });
      const answer = await call((abortSignal) => this.#client.send(command, { abortSignal }), signal);
      written.push({ PartNumber, ETag: answer.ETag ?? "" });
    }
    requireSame(object, sizeBytes, hash.digest("hex"));
    return written;
  }
}

async function call<T>(send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await send(AbortSignal.any([signal, AbortSignal.timeout(CALL_DEADLINE_MS)]));
  } catch (cause) {
    throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "writing an object again", cause });
  }
}

/** As records have it: without quotes. */
function etagOf({ ETag }: { ETag?: string | undefined }): string {
  if (ETag === undefined) throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "no ETag was answered" });
  return ETag.replaceAll('"', "");
}

function requireSame(object: RecordedObject, sizeBytes: number, sha256: string): void {
  if (sizeBytes === object.sizeBytes && sha256 === object.sha256) return;
  throw new ProcessorFailure("COPY_MISMATCH");
}
