/** Of a whole object, in base64, as the services write them; CRCs big-endian. */
export interface CopyChecksums {
  readonly sha256: string;
  /** S3's full-object checksum. */
  readonly crc64nvme: string;
  /** GCS's. */
  readonly crc32c: string;
  /** Azure's `Content-MD5`. */
  readonly md5: string;
}
