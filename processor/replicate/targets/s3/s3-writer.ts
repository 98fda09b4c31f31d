import type { CopyChecksums } from "../../checksums.ts";
import type { CopyPart } from "../../parts.ts";
import type { CopyFacts, CopyWriter, StoredCopy } from "../../target.ts";
import type { S3Bucket, SentPart } from "./s3-bucket.ts";
import { proveCopy } from "./s3-proof.ts";

/** What an S3 copy is written as. `stored`: the object is there, and has only to be proved. */
export type S3Way =
  | { readonly kind: "stored" }
  | { readonly kind: "put" }
  | { readonly kind: "multipart"; readonly uploadId: string; readonly sent: readonly SentPart[] };

/** One part is a put; more are a multipart upload, whose parts the service lists to whoever goes on with it. */
export class S3Writer implements CopyWriter {
  readonly sentBytes: number;
  readonly #bucket: S3Bucket;
  readonly #facts: CopyFacts;
  readonly #way: S3Way;
  readonly #sent: SentPart[];
  readonly #partMd5s: string[] = [];
  #only: CopyPart | undefined;

  constructor(bucket: S3Bucket, facts: CopyFacts, way: S3Way) {
    this.#bucket = bucket;
    this.#facts = facts;
    this.#way = way;
    this.#sent = way.kind === "multipart" ? [...way.sent] : [];
    const partBytes = this.#sent.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    this.sentBytes = way.kind === "stored" ? facts.sizeBytes : partBytes;
  }

  /** Not by parts' ETags, which aren't always MD5s: the whole is proved at the end. */
  confirm({ md5 }: CopyPart): void {
    this.#partMd5s.push(md5);
  }

  async write(part: CopyPart, signal: AbortSignal): Promise<void> {
    this.#partMd5s.push(part.md5);
    // An empty object's one part lies before no offset.
    if (this.#way.kind === "stored") return;
    if (this.#way.kind === "put") {
      this.#only = part;
      return;
    }
    const etag = await this.#bucket.putPart(this.#facts.key, this.#way.uploadId, part, signal);
    this.#sent.push({ partNumber: part.index + 1, etag, sizeBytes: part.bytes.byteLength });
  }

  async complete(checksums: CopyChecksums, signal: AbortSignal): Promise<StoredCopy> {
    if (this.#only !== undefined) await this.#bucket.put(this.#facts, this.#only, signal);
    if (this.#way.kind === "multipart") {
      // Where another try has completed it, the proof finds what that has made.
      await this.#bucket.complete(this.#facts.key, this.#way.uploadId, this.#sent, signal);
    }
    const expected = { facts: this.#facts, checksums, partMd5s: this.#partMd5s };
    return proveCopy(this.#bucket, expected, signal);
  }

  async abandon(signal: AbortSignal): Promise<void> {
    if (this.#way.kind !== "multipart") return;
    await this.#bucket.abort(this.#facts.key, this.#way.uploadId, signal);
  }
}
