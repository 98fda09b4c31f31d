import type { Readable } from "node:stream";
import { DataStore, Upload } from "@tus/server";
import type { SinkBucket, SinkMultipartUpload } from "./sink-bucket.ts";

const PART_BYTES = 8 * 1024 * 1024;
/** SQLite rows in a Durable Object are limited to 2 MB. */
const TAIL_ROW_BYTES = 1024 * 1024;

interface Row extends Record<string, SqlStorageValue> {
  readonly id: string;
  readonly size: number;
  readonly offset: number;
  readonly upload_id: string;
  readonly parts: string;
}

/** A straightforward DataStore for one upload: multipart parts in the bucket, the tail in the object's SQLite. */
export class MultipartStore extends DataStore {
  readonly #sql: SqlStorage;
  readonly #bucket: SinkBucket;

  constructor(sql: SqlStorage, bucket: SinkBucket) {
    super();
    this.extensions = ["creation"];
    this.#sql = sql;
    this.#bucket = bucket;
    sql.exec("CREATE TABLE IF NOT EXISTS tail (position INTEGER PRIMARY KEY, bytes BLOB)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS upload (id TEXT, size INTEGER, offset INTEGER, upload_id TEXT, parts TEXT)",
    );
  }

  override async create(upload: Upload): Promise<Upload> {
    const { uploadId } = await this.#bucket.createMultipartUpload(upload.id);
    const size = upload.size ?? null;
    this.#sql.exec("INSERT INTO upload VALUES (?, ?, 0, ?, '[]')", upload.id, size, uploadId);
    return upload;
  }

  override async getUpload(): Promise<Upload> {
    const { id, size, offset } = this.#row();
    return new Upload({ id, size, offset });
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const row = this.#row();
    const multipart = this.#bucket.resumeMultipartUpload(id, row.upload_id);
    const parts = JSON.parse(row.parts) as { partNumber: number; etag: string }[];
    let pending = this.#takeTail();
    let pendingBytes = byteLength(pending);
    let reached = offset;
    for await (const chunk of stream) {
      pending.push(chunk as Uint8Array);
      pendingBytes += (chunk as Uint8Array).byteLength;
      reached += (chunk as Uint8Array).byteLength;
      if (pendingBytes < PART_BYTES) continue;
      const joined = concat(pending);
      parts.push(await multipart.uploadPart(parts.length + 1, joined.subarray(0, PART_BYTES)));
      pending = [joined.subarray(PART_BYTES)];
      pendingBytes = joined.byteLength - PART_BYTES;
    }
    if (reached === row.size) await finish(multipart, parts, pending, row.size);
    if (reached !== row.size) this.#keepTail(concat(pending));
    this.#sql.exec("UPDATE upload SET offset = ?, parts = ?", reached, JSON.stringify(parts));
    return reached;
  }

  #row(): Row {
    return this.#sql.exec<Row>("SELECT * FROM upload").one();
  }

  #takeTail(): Uint8Array[] {
    const rows = this.#sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM tail ORDER BY position").toArray();
    this.#sql.exec("DELETE FROM tail");
    return rows.map((row) => new Uint8Array(row.bytes));
  }

  #keepTail(tail: Uint8Array<ArrayBuffer>): void {
    for (let start = 0; start < tail.byteLength; start += TAIL_ROW_BYTES) {
      const row = tail.slice(start, start + TAIL_ROW_BYTES);
      this.#sql.exec("INSERT INTO tail VALUES (?, ?)", start, row.buffer);
    }
  }
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((total, chunk) => total + chunk.byteLength, 0);
}

/** As Buffer.concat, which has no types in a worker. */
function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(byteLength(chunks));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

async function finish(
  multipart: SinkMultipartUpload,
  parts: { partNumber: number; etag: string }[],
  pending: readonly Uint8Array[],
  sizeBytes: number,
): Promise<void> {
  const last = concat(pending);
  if (last.byteLength > 0) parts.push(await multipart.uploadPart(parts.length + 1, last));
  const object = await multipart.complete(parts);
  if (object.size !== sizeBytes) throw new Error(`stored ${object.size} bytes of ${sizeBytes}`);
}
