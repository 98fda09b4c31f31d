import type { Fault, Operation } from "../faults.ts";

/**
 * The bucket of the fault tests: miniflare's own, with the rules of real R2 that miniflare doesn't keep, and with faults
 * that a test asks for. It counts every operation.
 */

/** R2: "concurrent writes to the same object name are limited to 1 per second". */
const WRITE_INTERVAL_MS = 1_000;
/** R2: parts are 5 MiB at least, all of one size but the last, which is no larger. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

export class BucketFaults {
  readonly counts: Partial<Record<Operation, number>> = {};
  readonly #plans = new Map<Operation, Fault[]>();
  readonly #held: (() => void)[] = [];
  readonly #lastWrites = new Map<string, number>();
  readonly #partSizes = new Map<string, Map<number, number>>();

  plan(operation: Operation, faults: readonly Fault[]): void {
    this.#plans.set(operation, [...faults]);
  }

  /** Lets held calls go on, the last first: so parts land out of order. */
  release(): void {
    for (const go of this.#held.splice(0).reverse()) go();
  }

  get heldCalls(): number {
    return this.#held.length;
  }

  reset(): void {
    for (const operation of Object.keys(this.counts) as Operation[]) delete this.counts[operation];
    this.#plans.clear();
    this.release();
  }

  async run<T>(operation: Operation, call: () => Promise<T>): Promise<T> {
    this.counts[operation] = (this.counts[operation] ?? 0) + 1;
    const fault = this.#plans.get(operation)?.shift() ?? { kind: "none" };
    if (fault.kind === "hold") await new Promise<void>((resolve) => this.#held.push(resolve));
    if (fault.kind === "fail") throw new Error(`${operation}: We encountered an internal error. (10001)`);
    const result = await call();
    if (fault.kind === "lose-answer") throw new Error(`${operation}: The connection was lost. (10001)`);
    return result;
  }

  requireWriteRate(key: string): void {
    const last = this.#lastWrites.get(key);
    const now = Date.now();
    this.#lastWrites.set(key, now);
    if (last !== undefined && now - last < WRITE_INTERVAL_MS) {
      throw new Error("put: Reduce your concurrent request rate for the same object. (10058)");
    }
  }

  notePart(uploadId: string, partNumber: number, sizeBytes: number): void {
    const sizes = this.#partSizes.get(uploadId) ?? new Map<number, number>();
    if (sizes.has(partNumber)) throw new Error(`uploadPart: part number ${partNumber} was used before.`);
    sizes.set(partNumber, sizeBytes);
    this.#partSizes.set(uploadId, sizes);
  }

  requirePartSizes(uploadId: string, parts: readonly { readonly partNumber: number }[]): void {
    const sizes = parts.map(({ partNumber }) => this.#partSizes.get(uploadId)?.get(partNumber) ?? -1);
    const last = sizes.at(-1) ?? 0;
    const others = sizes.slice(0, -1);
    const equal = others.every((size) => size === others[0] && size >= MIN_PART_BYTES);
    if (!equal || (others[0] !== undefined && last > others[0])) {
      throw new Error(`completeMultipartUpload: All non-trailing parts must have the same length. (10048)`);
    }
  }
}

function sizeOfBody(body: unknown): number {
  return body instanceof Uint8Array ? body.byteLength : -1;
}

/** Reads a body whole: only so its size is known where it comes as a stream. */
async function toBytes(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  return new Uint8Array(await new Response(body as BodyInit).arrayBuffer());
}

function wrapMultipart(upload: R2MultipartUpload, faults: BucketFaults): R2MultipartUpload {
  return {
    key: upload.key,
    uploadId: upload.uploadId,
    async uploadPart(partNumber, value) {
      // Read first, as a real store does: a held call has its bytes and lands with them.
      const bytes = await toBytes(value);
      faults.notePart(upload.uploadId, partNumber, sizeOfBody(bytes));
      return faults.run("uploadPart", () => upload.uploadPart(partNumber, bytes));
    },
    abort: () => faults.run("abort", () => upload.abort()),
    complete: (parts) =>
      faults.run("complete", () => {
        faults.requirePartSizes(upload.uploadId, parts);
        return upload.complete(parts);
      }),
  };
}

/** `bucket` with faults. Only what the product uses is wrapped. */
export function withFaults(bucket: R2Bucket, faults: BucketFaults): R2Bucket {
  const wrapped = {
    head: (key: string) => faults.run("head", () => bucket.head(key)),
    get: (key: string, options?: R2GetOptions) => faults.run("get", () => bucket.get(key, options)),
    delete: (keys: string | string[]) => faults.run("delete", () => bucket.delete(keys)),
    async put(key: string, value: unknown, options?: R2PutOptions) {
      const bytes = await toBytes(value);
      return faults.run("put", () => {
        faults.requireWriteRate(key);
        return bucket.put(key, bytes, options);
      });
    },
    async createMultipartUpload(key: string, options?: R2MultipartOptions) {
      return faults.run("createMultipartUpload", async () => {
        faults.requireWriteRate(key);
        return wrapMultipart(await bucket.createMultipartUpload(key, options), faults);
      });
    },
    resumeMultipartUpload: (key: string, uploadId: string) =>
      wrapMultipart(bucket.resumeMultipartUpload(key, uploadId), faults),
  };
  return wrapped as unknown as R2Bucket;
}
