import { choosePartBytes } from "../parts.ts";
import type {
  CopyBody,
  CopyFacts,
  CopyList,
  CopyRange,
  CopyWriter,
  ReplicaTarget,
  StoredCopy,
  TargetKind,
} from "../target.ts";

/** What a service's bucket is asked for, whatever its name: each question under its deadline, and with its errors explained. */
export interface CopyBucket {
  head(key: string, signal: AbortSignal): Promise<StoredCopy | undefined>;
  get(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined>;
  list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList>;
  /** What isn't there is no error. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  /** Removes what tries have left that ended before there was an object. */
  discard(key: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** A target that is a bucket of some service: what differs is how a copy is written there, and gone on with. */
export abstract class BucketTarget<Bucket extends CopyBucket> implements ReplicaTarget {
  abstract readonly kind: TargetKind;
  readonly name: string;
  protected readonly bucket: Bucket;

  constructor(name: string, bucket: Bucket) {
    this.name = name;
    this.bucket = bucket;
  }

  async begin(facts: CopyFacts, signal: AbortSignal): Promise<CopyWriter> {
    const { key, sizeBytes, sha256 } = facts;
    const stored = await this.bucket.head(key, signal);
    if (stored?.sha256 === sha256 && stored.sizeBytes === sizeBytes) return this.proveStored(facts, signal);
    const partBytes = choosePartBytes(sizeBytes);
    return sizeBytes <= partBytes ? this.put(facts) : this.goOn(facts, partBytes, signal);
  }

  find(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.bucket.head(key, signal);
  }

  read(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    return this.bucket.get(key, range, signal);
  }

  /** One by one: not every service takes many keys at once, and what failed would have to be told apart. */
  async remove(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) {
      await this.bucket.remove(key, signal);
      await this.bucket.discard(key, signal);
    }
  }

  list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList> {
    return this.bucket.list(prefix, cursor, signal);
  }

  close(): void {
    this.bucket.close();
  }

  /** Of an object that is there and described as it should be: it has only to be proved. */
  protected abstract proveStored(facts: CopyFacts, signal: AbortSignal): CopyWriter | Promise<CopyWriter>;
  /** Of one part. */
  protected abstract put(facts: CopyFacts): CopyWriter;
  /** Of several parts, behind those that an earlier try has left. */
  protected abstract goOn(facts: CopyFacts, partBytes: number, signal: AbortSignal): Promise<CopyWriter>;
}
