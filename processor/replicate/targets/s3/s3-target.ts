import { S3Client } from "@aws-sdk/client-s3";
import { TARGET_DEADLINES, type TargetDeadlines } from "../../call.ts";
import type { CopyFacts, CopyWriter } from "../../target.ts";
import { BucketTarget } from "../bucket-target.ts";
import { S3Bucket, type S3Writing, type SentPart } from "./s3-bucket.ts";
import { S3Writer } from "./s3-writer.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3TargetOptions extends S3Writing {
  readonly name: string;
  readonly bucket: string;
  readonly region: string;
  /** AWS's own where there is none. */
  readonly endpoint?: string | undefined;
  readonly forcePathStyle: boolean;
  /** What AWS's SDK finds by itself (a role of the machine or the container) where there are none. */
  readonly credentials?: S3Credentials | undefined;
  readonly deadlines?: TargetDeadlines;
}

const CONNECT_DEADLINE_MS = 5_000;
const MAX_ATTEMPTS = 3;
/** More than there are reads at a time (read-shares.ts): nobody waits for a connection that slow readers hold. */
const MAX_SOCKETS = 150;

/**
 * Copies in a bucket of S3, or of whatever speaks its API. Permissions: PutObject, GetObject, DeleteObject, ListBucket,
 * AbortMultipartUpload, ListMultipartUploadParts, ListBucketMultipartUploads (and of KMS GenerateDataKey and Decrypt).
 */
export class S3Target extends BucketTarget<S3Bucket> {
  readonly kind = "s3";

  constructor({ name, bucket, deadlines = TARGET_DEADLINES, ...options }: S3TargetOptions) {
    const { region, endpoint, forcePathStyle, credentials, ...writing } = options;
    const client = new S3Client({
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      requestHandler: {
        connectionTimeout: CONNECT_DEADLINE_MS,
        // It would count a reader's rest as silence. Each call has its deadline, and each body what it waits for (read-body.ts).
        socketTimeout: 0,
        httpAgent: { maxSockets: MAX_SOCKETS },
        httpsAgent: { maxSockets: MAX_SOCKETS },
      },
      maxAttempts: MAX_ATTEMPTS,
      // Some services never answer 100-continue.
      expectContinueHeader: false,
      // Every part has its Content-MD5, which all services know; not all know the SDK's default checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
    super(name, new S3Bucket(client, bucket, writing, deadlines));
  }

  protected proveStored(facts: CopyFacts): CopyWriter {
    return new S3Writer(this.bucket, facts, { kind: "stored" });
  }

  protected put(facts: CopyFacts): CopyWriter {
    return new S3Writer(this.bucket, facts, { kind: "put" });
  }

  protected async goOn(facts: CopyFacts, partBytes: number, signal: AbortSignal): Promise<CopyWriter> {
    const [latest, ...others] = await this.bucket.listUploads(facts.key, signal);
    for (const uploadId of others) await this.bucket.abort(facts.key, uploadId, signal);
    const uploadId = latest ?? (await this.bucket.createUpload(facts, signal));
    const parts = latest === undefined ? [] : await this.bucket.listParts(facts.key, latest, signal);
    const sent = takeUsable(parts, partBytes, facts.sizeBytes);
    return new S3Writer(this.bucket, facts, { kind: "multipart", uploadId, sent });
  }
}

/** The parts from the first that are as long as they should be, without a gap. */
function takeUsable(parts: readonly SentPart[], partBytes: number, sizeBytes: number): SentPart[] {
  const end = parts.findIndex(({ partNumber, sizeBytes: size }, index) => {
    const expected = Math.min(partBytes, sizeBytes - index * partBytes);
    return partNumber !== index + 1 || size !== expected;
  });
  return parts.slice(0, end < 0 ? parts.length : end);
}
