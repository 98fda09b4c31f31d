import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  type StorageClass,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { callTarget, type TargetDeadlines } from "../../call.ts";
import { formatMetadata, parseMetadata } from "../../metadata.ts";
import type { CopyPart } from "../../parts.ts";
import { readBody } from "../../read-body.ts";
import type { CopyBody, CopyFacts, CopyList, CopyRange, StoredCopy } from "../../target.ts";
import type { CopyBucket } from "../bucket-target.ts";
import { explainS3, isNoObject, isNotImplemented, isNoUpload } from "./s3-faults.ts";

export interface S3Writing {
  readonly serverSideEncryption?: "AES256" | "aws:kms" | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly storageClass?: StorageClass | undefined;
}

export interface SentPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** The requests that a target makes of one bucket, each under its deadline and with its errors explained. */
export class S3Bucket implements CopyBucket {
  readonly deadlines: TargetDeadlines;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #writing: S3Writing;

  constructor(client: S3Client, bucket: string, writing: S3Writing, deadlines: TargetDeadlines) {
    this.#client = client;
    this.#bucket = bucket;
    this.#writing = writing;
    this.deadlines = deadlines;
  }

  async head(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.#ask(signal, async (abortSignal) => {
      const command = new HeadObjectCommand({ ...this.#object(key), ChecksumMode: "ENABLED" });
      const found = await this.#client.send(command, { abortSignal }).catch(unless(isNoObject));
      if (found === undefined) return undefined;
      // Of parts alone ("COMPOSITE") it isn't the checksum of the whole.
      const isWhole = found.ChecksumType !== "COMPOSITE";
      return {
        key,
        sizeBytes: found.ContentLength ?? 0,
        etag: found.ETag ?? "",
        contentType: found.ContentType,
        disposition: found.ContentDisposition,
        ...parseMetadata(found.Metadata),
        checksums: isWhole && found.ChecksumCRC64NVME ? { crc64nvme: found.ChecksumCRC64NVME } : {},
      };
    });
  }

  async get(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    const Range = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const given = new AbortController();
    const abortSignal = AbortSignal.any([signal, given.signal]);
    const asking = this.#ask(signal, async () => {
      // The deadline is for the answer; the body has its own.
      const sent = this.#client.send(new GetObjectCommand({ ...this.#object(key), Range }), { abortSignal });
      const found = await sent.catch(unless(isNoObject));
      if (found?.Body === undefined) return undefined;
      const lengthBytes = found.ContentLength ?? 0;
      const sizeBytes = Number(found.ContentRange?.split("/")[1] ?? lengthBytes);
      const options = { signal, deadlineMs: this.deadlines.callMs, explain: explainS3 };
      return {
        body: readBody(found.Body as Readable, lengthBytes, options),
        sizeBytes,
        etag: found.ETag ?? "",
      };
    });
    // What came too late holds no connection.
    asking.catch(() => given.abort());
    return asking;
  }

  async put(facts: CopyFacts, part: CopyPart, signal: AbortSignal): Promise<string> {
    const Body = part.bytes;
    const command = new PutObjectCommand({ ...this.#described(facts), Body, ContentMD5: toBase64(part.md5) });
    return this.#ask(
      signal,
      async (abortSignal) => (await this.#client.send(command, { abortSignal })).ETag ?? "",
      this.deadlines.partMs,
    );
  }

  async createUpload(facts: CopyFacts, signal: AbortSignal): Promise<string> {
    return this.#ask(signal, async (abortSignal) => {
      const command = new CreateMultipartUploadCommand(this.#described(facts));
      const { UploadId } = await this.#client.send(command, { abortSignal });
      if (UploadId === undefined) throw new Error("an upload without an id");
      return UploadId;
    });
  }

  async putPart(key: string, UploadId: string, part: CopyPart, signal: AbortSignal): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#object(key),
      UploadId,
      PartNumber: part.index + 1,
      Body: part.bytes,
      ContentMD5: toBase64(part.md5),
    });
    return this.#ask(
      signal,
      async (abortSignal) => (await this.#client.send(command, { abortSignal })).ETag ?? "",
      this.deadlines.partMs,
    );
  }

  /** Makes the object; whether the service still knew the upload. */
  async complete(
    key: string,
    UploadId: string,
    parts: readonly SentPart[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const Parts = parts.map(({ partNumber: PartNumber, etag: ETag }) => ({ PartNumber, ETag }));
    const wanted = { ...this.#object(key), UploadId, MultipartUpload: { Parts } };
    return this.#ask(
      signal,
      async (abortSignal) => {
        const sent = this.#client.send(new CompleteMultipartUploadCommand(wanted), { abortSignal });
        return (await sent.catch(unless(isNoUpload))) !== undefined;
      },
      this.deadlines.completeMs,
    );
  }

  /** An upload that isn't there is no error. */
  async abort(key: string, UploadId: string, signal: AbortSignal): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#object(key), UploadId });
    await this.#ask(signal, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch(unless(isNoUpload)),
    );
  }

  /** Open uploads of this very key, the newest first. None where the service can't tell. */
  async listUploads(key: string, signal: AbortSignal): Promise<string[]> {
    return this.#ask(signal, async (abortSignal) => {
      const command = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: key });
      const found = await this.#client.send(command, { abortSignal }).catch(unless(isNotImplemented));
      const time = ({ Initiated }: { Initiated?: Date | undefined }): number => Initiated?.getTime() ?? 0;
      return (found?.Uploads ?? [])
        .filter(({ Key }) => Key === key)
        .toSorted((a, b) => time(b) - time(a))
        .flatMap(({ UploadId }) => UploadId ?? []);
    });
  }

  /** In their order. */
  async listParts(key: string, UploadId: string, signal: AbortSignal): Promise<SentPart[]> {
    const parts: SentPart[] = [];
    let PartNumberMarker: string | undefined;
    do {
      const wanted = { ...this.#object(key), UploadId, PartNumberMarker };
      const page = await this.#ask(signal, (abortSignal) =>
        this.#client.send(new ListPartsCommand(wanted), { abortSignal }),
      );
      for (const { PartNumber: partNumber = 0, ETag: etag = "", Size: sizeBytes = 0 } of page.Parts ?? []) {
        parts.push({ partNumber, etag, sizeBytes });
      }
      PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (PartNumberMarker !== undefined);
    return parts;
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    const command = new DeleteObjectCommand(this.#object(key));
    await this.#ask(signal, (abortSignal) =>
      this.#client.send(command, { abortSignal }).catch(unless(isNoObject)),
    );
  }

  async discard(key: string, signal: AbortSignal): Promise<void> {
    for (const uploadId of await this.listUploads(key, signal)) await this.abort(key, uploadId, signal);
  }

  async list(Prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList> {
    const wanted = { Bucket: this.#bucket, Prefix, ContinuationToken: cursor };
    const page = await this.#ask(signal, (abortSignal) =>
      this.#client.send(new ListObjectsV2Command(wanted), { abortSignal }),
    );
    const objects = (page.Contents ?? []).map(({ Key = "", Size = 0 }) => ({ key: Key, sizeBytes: Size }));
    return { objects, cursor: page.IsTruncated === true ? page.NextContinuationToken : undefined };
  }

  close(): void {
    this.#client.destroy();
  }

  #object(Key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key };
  }

  #described({ key, contentType, disposition, sha256 }: CopyFacts) {
    const { serverSideEncryption, kmsKeyId, storageClass } = this.#writing;
    return {
      ...this.#object(key),
      ContentType: contentType,
      ContentDisposition: disposition,
      Metadata: formatMetadata(sha256),
      ServerSideEncryption: serverSideEncryption,
      SSEKMSKeyId: kmsKeyId,
      StorageClass: storageClass,
    };
  }

  #ask<T>(
    signal: AbortSignal,
    action: (signal: AbortSignal) => Promise<T>,
    deadlineMs = this.deadlines.callMs,
  ): Promise<T> {
    return callTarget({ signal, deadlineMs, explain: explainS3 }, action);
  }
}

/** Makes undefined of the errors that mean "not there". */
function unless(isAbsence: (error: unknown) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (isAbsence(error)) return undefined;
    throw error;
  };
}

function toBase64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
