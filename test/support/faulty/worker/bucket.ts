import type { Fault, Operation, StoreCall } from "../faults.ts";

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
  readonly #plans = new Map<string, Fault[]>();
  readonly #calls = new Map<number, StoreCall>();
  /** What carries a held call out, by the call's number. */
  readonly #held = new Map<number, () => Promise<void>>();
  #lastCall = 0;
  readonly #lastWrites = new Map<string, number>();
  readonly #partSizes = new Map<string, Map<number, number>>();

  /** @param fileId the file whose calls alone are meant; without it, the calls of those that have no plan of their own */
  plan(operation: Operation, faults: readonly Fault[], fileId?: string): void {
    this.#plans.set(planName(operation, fileId), [...faults]);
  }

  /**
   * Lets held calls go on: all of them, the last first, so that parts land out of order; or these, in this order.
   * Resolves when they have landed, or failed. They are carried out for whoever releases them, so that they land even
   * if the object that made them is gone.
   */
  async release(calls: readonly number[] = [...this.#held.keys()].reverse()): Promise<void> {
    await Promise.all(
      calls.map(async (id) => {
        const carryOut = this.#held.get(id);
        this.#held.delete(id);
        await carryOut?.();
      }),
    );
  }

  /** Calls that were made and have no answer yet, the oldest first. */
  get calls(): readonly StoreCall[] {
    return [...this.#calls.values()].map((call) => ({ ...call, isHeld: this.#held.has(call.id) }));
  }

  async reset(): Promise<void> {
    for (const operation of Object.keys(this.counts) as Operation[]) delete this.counts[operation];
    this.#plans.clear();
    await this.release();
  }

  async run<T>(operation: Operation, key: string, call: (fault: Fault) => Promise<T>): Promise<T> {
    this.counts[operation] = (this.counts[operation] ?? 0) + 1;
    this.#lastCall += 1;
    const id = this.#lastCall;
    const fileId = fileIdIn(key);
    this.#calls.set(id, { id, operation, fileId, isHeld: false });
    const fault = this.#nextFault(operation, fileId);
    const ended = async (): Promise<T> => {
      try {
        return await carryOut(operation, fault, call);
      } finally {
        this.#calls.delete(id);
      }
    };
    return fault.kind === "hold" ? this.#hold(id, ended) : ended();
  }

  #hold<T>(id: number, call: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#held.set(id, () => call().then(resolve, reject));
    return promise;
  }

  #nextFault(operation: Operation, fileId: string): Fault {
    const plan = this.#plans.get(planName(operation, fileId)) ?? this.#plans.get(planName(operation));
    return plan?.shift() ?? { kind: "none" };
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

async function carryOut<T>(
  operation: Operation,
  fault: Fault,
  call: (fault: Fault) => Promise<T>,
): Promise<T> {
  if (fault.kind === "fail") throw new Error(`${operation}: We encountered an internal error. (10001)`);
  if (fault.kind === "refuse") throw new Error(`${operation}: It is refused. (${fault.code})`);
  const result = await call(fault);
  if (fault.kind === "lose-answer") throw new Error(`${operation}: The connection was lost. (10001)`);
  return result;
}

function planName(operation: Operation, fileId = ""): string {
  return `${operation} ${fileId}`;
}

/** Keys are `t/{tenant}/{file}/…` (contract/keys.ts). */
function fileIdIn(key: string): string {
  return key.split("/")[2] ?? "";
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
      return faults.run("uploadPart", upload.key, () => upload.uploadPart(partNumber, bytes));
    },
    abort: () => faults.run("abort", upload.key, () => upload.abort()),
    complete: (parts) =>
      faults.run("complete", upload.key, () => {
        faults.requirePartSizes(upload.uploadId, parts);
        return upload.complete(parts);
      }),
  };
}

function firstHalfOf({ range, ...options }: R2GetOptions = {}): R2GetOptions {
  if (range === undefined || !("length" in range) || range.length === undefined) {
    throw new Error("What has no length can't be cut short.");
  }
  return { ...options, range: { ...range, length: Math.floor(range.length / 2) } };
}

/** `bucket` with faults. Only what the product uses is wrapped. */
export function withFaults(bucket: R2Bucket, faults: BucketFaults): R2Bucket {
  const wrapped = {
    head: (key: string) => faults.run("head", key, () => bucket.head(key)),
    get: (key: string, options?: R2GetOptions) =>
      faults.run("get", key, ({ kind }) =>
        bucket.get(key, kind === "cut-short" ? firstHalfOf(options) : options),
      ),
    delete: (keys: string | string[]) => faults.run("delete", String(keys), () => bucket.delete(keys)),
    list: (options?: R2ListOptions) => faults.run("list", options?.prefix ?? "", () => bucket.list(options)),
    async put(key: string, value: unknown, options?: R2PutOptions) {
      const bytes = await toBytes(value);
      return faults.run("put", key, () => {
        faults.requireWriteRate(key);
        return bucket.put(key, bytes, options);
      });
    },
    async createMultipartUpload(key: string, options?: R2MultipartOptions) {
      return faults.run("createMultipartUpload", key, async () => {
        faults.requireWriteRate(key);
        return wrapMultipart(await bucket.createMultipartUpload(key, options), faults);
      });
    },
    resumeMultipartUpload: (key: string, uploadId: string) =>
      wrapMultipart(bucket.resumeMultipartUpload(key, uploadId), faults),
  };
  return wrapped;
}
