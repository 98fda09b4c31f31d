import type { FailoverReason } from "#contract/replica-reads.ts";
import type { ServableObject } from "../services/servable.ts";
import type { ByteRange, ObjectReader } from "../storage/object-store.ts";

/** The bytes of an object that may be served, from wherever they were to be had. */
export interface Content {
  readonly body: ReadableStream<Uint8Array>;
  /** Why they come from a replica; undefined where they are the primary's. */
  readonly failover?: FailoverReason;
}

/**
 * Opens an object's bytes, or a range of them. Undefined where there are none that are the very ones that were scanned.
 * Throws `STORE_UNAVAILABLE`.
 */
export type ContentSource = (
  object: ServableObject,
  range: ByteRange | undefined,
) => Promise<Content | undefined>;

/** The primary store's bytes, and no others. */
export function primaryContent(objects: ObjectReader): ContentSource {
  return ({ objectKey, etag }, range) =>
    objects.get(objectKey, {
      ...(etag === null ? {} : { etag }),
      ...(range === undefined ? {} : { range }),
    });
}
