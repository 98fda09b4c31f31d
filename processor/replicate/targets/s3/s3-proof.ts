import { createHash } from "node:crypto";
import { type CopyChecksums, toHex } from "../../checksums.ts";
import { hashBody } from "../../read-back.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import type { CopyFacts, StoredCopy } from "../../target.ts";
import type { S3Bucket } from "./s3-bucket.ts";

interface Expected {
  readonly facts: CopyFacts;
  readonly checksums: CopyChecksums;
  /** Of all parts in order, hexadecimal. */
  readonly partMd5s: readonly string[];
}

/**
 * Whether a bucket has the very bytes: by the CRC64NVME of the whole, which S3 makes of every object by itself; where a
 * service has none, by an ETag that is MD5 (of parts' MD5s); where it isn't (SSE-KMS, other services), by reading it back.
 * Throws `mismatch`, and removes the object.
 */
export async function proveCopy(
  bucket: S3Bucket,
  expected: Expected,
  signal: AbortSignal,
): Promise<StoredCopy> {
  const { key, sizeBytes } = expected.facts;
  const stored = await bucket.head(key, signal);
  // Another try's removal, or a service whose answers lag.
  if (stored === undefined) throw new ReplicaFault("unavailable", { detail: "no object after completion" });
  // The metadata are those of whoever began the upload.
  const isDescribed = stored.sizeBytes === sizeBytes && stored.sha256 === expected.facts.sha256;
  if (isDescribed && (await hasBytes(bucket, stored, expected, signal))) return stored;
  await bucket.remove(key, signal);
  throw new ReplicaFault("mismatch", { detail: "the object's checksum" });
}

async function hasBytes(
  bucket: S3Bucket,
  stored: StoredCopy,
  { checksums, partMd5s }: Expected,
  signal: AbortSignal,
): Promise<boolean> {
  const { crc64nvme } = stored.checksums;
  if (crc64nvme !== undefined && checksums.crc64nvme !== undefined) {
    return crc64nvme === checksums.crc64nvme;
  }
  if (etagsOf(partMd5s).includes(stored.etag.replaceAll('"', ""))) return true;
  const back = await bucket.get(stored.key, undefined, signal);
  return back !== undefined && (await hashBody(back)) === toHex(checksums.sha256);
}

/** As S3 makes them: of one put, the MD5; of a multipart upload, the MD5 of its parts' MD5s and how many they are. */
function etagsOf(partMd5s: readonly string[]): string[] {
  const ofParts = createHash("md5")
    .update(Buffer.from(partMd5s.join(""), "hex"))
    .digest("hex");
  const multipart = `${ofParts}-${partMd5s.length}`;
  const [first] = partMd5s;
  return partMd5s.length === 1 && first !== undefined ? [first, multipart] : [multipart];
}
