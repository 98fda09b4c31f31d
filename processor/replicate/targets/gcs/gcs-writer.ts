import type { CopyChecksums } from "../../checksums.ts";
import type { CopyPart } from "../../parts.ts";
import { ReplicaFault } from "../../replica-fault.ts";
import type { CopyFacts, CopyWriter, StoredCopy } from "../../target.ts";
import type { GcsBucket } from "./gcs-bucket.ts";
import type { GcsSession } from "./gcs-session.ts";

/** What a GCS copy is written as. `stored`: the object is there, and has only to be proved. */
export type GcsWay =
  | { readonly kind: "stored" }
  | { readonly kind: "put" }
  | { readonly kind: "session"; readonly session: GcsSession; readonly sentBytes: number };

/**
 * One part is a put; more go through a resumable session. The last part makes the object, so it is kept until all of it is
 * known to be what it should be. GCS makes a CRC32C of every object by itself: that is the proof.
 */
export class GcsWriter implements CopyWriter {
  readonly sentBytes: number;
  readonly #bucket: GcsBucket;
  readonly #facts: CopyFacts;
  readonly #way: GcsWay;
  #last: CopyPart | undefined;

  constructor(bucket: GcsBucket, facts: CopyFacts, way: GcsWay) {
    this.#bucket = bucket;
    this.#facts = facts;
    this.#way = way;
    const sent = way.kind === "session" ? way.sentBytes : 0;
    this.sentBytes = way.kind === "stored" ? facts.sizeBytes : sent;
  }

  /** The service tells no checksum of a part of an object: the whole is proved at the end. */
  confirm(_part: CopyPart): void {}

  async write(part: CopyPart, signal: AbortSignal): Promise<void> {
    if (part.isLast) this.#last = part;
    else if (this.#way.kind === "session") await this.#way.session.send(part, signal);
  }

  async complete(checksums: CopyChecksums, signal: AbortSignal): Promise<StoredCopy> {
    const { key, sizeBytes, sha256 } = this.#facts;
    const crc32c = checksums.crc32c ?? "";
    await this.#finish(crc32c, signal);
    const stored = await this.#bucket.head(key, signal);
    if (stored === undefined) throw new ReplicaFault("unavailable", { detail: "no object after completion" });
    const isDescribed = stored.sizeBytes === sizeBytes && stored.sha256 === sha256;
    // Also where an earlier try has made the object, and ended before this.
    if (this.#way.kind !== "put") await this.#bucket.closeSession(key, true, signal);
    if (isDescribed && stored.checksums.crc32c === crc32c) return stored;
    await this.#bucket.remove(key, signal);
    throw new ReplicaFault("mismatch", { detail: "the object's checksum" });
  }

  async abandon(signal: AbortSignal): Promise<void> {
    if (this.#way.kind === "session") await this.#bucket.discard(this.#facts.key, signal);
  }

  async #finish(crc32c: string, signal: AbortSignal): Promise<void> {
    if (this.#last === undefined) return;
    if (this.#way.kind === "put") await this.#bucket.put(this.#facts, this.#last.bytes, crc32c, signal);
    if (this.#way.kind === "session") await this.#way.session.send(this.#last, signal);
  }
}
