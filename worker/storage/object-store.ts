/**
 * What the product needs of an object store, in small interfaces by capability, so that a backend states what it can
 * do and a caller states what it uses. Errors of a backend are recognised in its adapter and leave it as an `AppError`
 * or as data: `STORE_UNAVAILABLE` for what may succeed another time, `UPLOAD_LOST` with the reason for what never will.
 */

/**
 * Bytes at hand, in pieces, with their number: a store must know the length before the first byte. Pieces that aren't in
 * an array are made when they are asked for.
 */
export interface StoreBody {
  readonly pieces: Iterable<Uint8Array>;
  readonly sizeBytes: number;
  /**
   * Called by the store when it begins with the pieces, and what this returns when it has done with them: that may be
   * long after its caller has stopped waiting.
   */
  readonly hold?: () => () => void;
}

/** What a store is handed: the only piece as it is, or a native stream whose length is known. */
export type SentBody = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** Identity of stored bytes: another etag is other bytes. */
export interface StoredFacts {
  readonly etag: string;
  readonly sizeBytes: number;
}

export interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
}

export interface ObjectWriter {
  put(key: string, body: StoreBody, contentType: string): Promise<StoredFacts>;
}

export interface MultipartWriter {
  /** Begins a multipart upload and returns its id. */
  createMultipart(key: string, contentType: string): Promise<string>;
  /**
   * Stores one part and returns its etag. A part number is used for one attempt only. Throws `UPLOAD_LOST` where the store
   * doesn't know the multipart upload.
   */
  storePart(key: string, multipartId: string, partNumber: number, body: StoreBody): Promise<string>;
  /**
   * Makes the object out of `parts`. Undefined where the store no longer knows the multipart upload: it was completed
   * before, or aborted; `head` tells which.
   */
  completeMultipart(
    key: string,
    multipartId: string,
    parts: readonly StoredPart[],
  ): Promise<StoredFacts | undefined>;
  /** Gives the parts up. An unknown multipart upload is no error. */
  abortMultipart(key: string, multipartId: string): Promise<void>;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ObjectBody extends StoredFacts {
  readonly body: ReadableStream<Uint8Array>;
  readonly storedAtMs: number;
}

export interface ObjectReader {
  /** Facts of an object, or undefined where there is none. */
  head(key: string): Promise<StoredFacts | undefined>;
  /** The bytes, or a range of them; undefined where there is no object with that key and, when given, that etag. */
  get(key: string, options: { etag?: string; range?: ByteRange }): Promise<ObjectBody | undefined>;
}

export interface ObjectRemover {
  /** Removes any number of objects, in as many calls as it takes. Keys without an object are no error. */
  remove(keys: readonly string[]): Promise<void>;
}

export interface ObjectPage {
  readonly keys: readonly string[];
  /** Of each, in bytes. */
  readonly sizes: readonly number[];
  /** Whether there are no more. */
  readonly isAll: boolean;
}

export interface ObjectLister {
  /** Keys that begin with `prefix` in their order, a thousand at most. */
  list(prefix: string): Promise<ObjectPage>;
}

export type ObjectStore = ObjectWriter & MultipartWriter & ObjectReader & ObjectRemover & ObjectLister;
