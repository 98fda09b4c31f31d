/**
 * An R2-shaped bucket whose bytes leave workerd by HTTP to bench/sink.ts, in place of env.BUCKET: miniflare's R2 runs
 * inside the same workerd and costs 15–21 CPU-s per GB, which hides whatever is being measured.
 */

/** What a bench worker finds in its env; `SINK` is an external HTTP service. */
export interface SinkEnv {
  readonly SINK: Fetcher;
}

export type BucketBody = ReadableStream | ArrayBuffer | ArrayBufferView | string | Blob | null;

export interface SinkObject {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata: Record<string, unknown>;
  readonly customMetadata: Record<string, string>;
  readonly checksums: Record<string, never>;
}

export interface SinkObjectBody extends SinkObject {
  readonly body: ReadableStream;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface PutOptions {
  readonly httpMetadata?: unknown;
  readonly customMetadata?: unknown;
}

interface GetOptions {
  readonly range?: { readonly offset?: number; readonly length?: number };
}

interface WireObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly metadata: string;
}

type Call = (
  method: string,
  path: string,
  query: Record<string, string>,
  init?: RequestInit,
) => Promise<Response>;

function caller(sink: Fetcher): Call {
  return (method, path, query, init = {}) =>
    sink.fetch(`http://sink${path}?${new URLSearchParams(query).toString()}`, { ...init, method });
}

function metadataHeader(options: PutOptions | undefined): Record<string, string> {
  return {
    "x-metadata": JSON.stringify({
      httpMetadata: options?.httpMetadata,
      customMetadata: options?.customMetadata,
    }),
  };
}

function toObject(wire: WireObject): SinkObject {
  const metadata = JSON.parse(wire.metadata) as Pick<SinkObject, "httpMetadata" | "customMetadata">;
  return {
    key: wire.key,
    version: wire.etag,
    size: wire.size,
    etag: wire.etag,
    httpEtag: `"${wire.etag}"`,
    uploaded: new Date(),
    httpMetadata: metadata.httpMetadata ?? {},
    customMetadata: metadata.customMetadata ?? {},
    checksums: {},
  };
}

/** Codes as in R2's messages, `put: … (10024)`, so that code which recognises them does so here. */
async function answered<T>(operation: string, response: Response): Promise<T> {
  if (response.ok) return response.json<T>();
  await response.body?.cancel();
  const code = response.status === 404 ? 10024 : response.status === 400 ? 10025 : 10001;
  throw new Error(`${operation}: the sink answered ${response.status} (${code})`);
}

export class SinkMultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #call: Call;

  constructor(call: Call, key: string, uploadId: string) {
    this.#call = call;
    this.key = key;
    this.uploadId = uploadId;
  }

  async uploadPart(partNumber: number, value: BucketBody): Promise<{ partNumber: number; etag: string }> {
    const query = { uploadId: this.uploadId, partNumber: String(partNumber) };
    const response = await this.#call("PUT", "/part", query, { body: value });
    const { etag } = await answered<{ etag: string }>("uploadPart", response);
    return { partNumber, etag };
  }

  async complete(parts: readonly { partNumber: number; etag: string }[]): Promise<SinkObject> {
    const init = { body: JSON.stringify(parts) };
    const response = await this.#call("POST", "/complete", { uploadId: this.uploadId }, init);
    return toObject(await answered<WireObject>("completeMultipartUpload", response));
  }

  async abort(): Promise<void> {
    await answered(
      "abortMultipartUpload",
      await this.#call("DELETE", "/upload", { uploadId: this.uploadId }),
    );
  }
}

export class SinkBucket {
  readonly #call: Call;

  constructor(sink: Fetcher) {
    this.#call = caller(sink);
  }

  async put(key: string, value: BucketBody, options?: PutOptions): Promise<SinkObject> {
    const response = await this.#call(
      "PUT",
      "/object",
      { key },
      { body: value, headers: metadataHeader(options) },
    );
    return toObject(await answered<WireObject>("put", response));
  }

  async head(key: string): Promise<SinkObject | null> {
    const response = await this.#call("GET", "/object", { key, head: "1" });
    if (response.status !== 404) return toObject(await answered<WireObject>("head", response));
    await response.body?.cancel();
    return null;
  }

  async get(key: string, options?: GetOptions): Promise<SinkObjectBody | null> {
    const object = await this.head(key);
    if (object === null) return null;
    const { offset = 0, length = object.size - offset } = options?.range ?? {};
    const query = { key, offset: String(offset), length: String(length) };
    const response = await this.#call("GET", "/object", query);
    if (response.body === null) throw new Error("get: the sink answered without a body (10001)");
    return { ...object, body: response.body, arrayBuffer: () => response.arrayBuffer() };
  }

  async delete(keys: string | readonly string[]): Promise<void> {
    for (const key of typeof keys === "string" ? [keys] : keys) {
      const response = await this.#call("DELETE", "/object", { key });
      await response.body?.cancel();
    }
  }

  async createMultipartUpload(key: string, options?: PutOptions): Promise<SinkMultipartUpload> {
    const response = await this.#call("POST", "/upload", { key }, { headers: metadataHeader(options) });
    const { uploadId } = await answered<{ uploadId: string }>("createMultipartUpload", response);
    return new SinkMultipartUpload(this.#call, key, uploadId);
  }

  resumeMultipartUpload(key: string, uploadId: string): SinkMultipartUpload {
    return new SinkMultipartUpload(this.#call, key, uploadId);
  }
}

/** The env with BUCKET in it: pass the result to the worker under test, and to its Durable Objects. */
export function withSinkBucket<Env extends SinkEnv>(env: Env): Env & { BUCKET: SinkBucket } {
  return { ...env, BUCKET: new SinkBucket(env.SINK) };
}
