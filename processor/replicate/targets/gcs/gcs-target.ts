import { IdempotencyStrategy, Storage, type StorageOptions } from "@google-cloud/storage";
import { JWT } from "google-auth-library";
import { TARGET_DEADLINES, type TargetDeadlines } from "../../call.ts";
import { choosePartBytes } from "../../parts.ts";
import type {
  CopyBody,
  CopyFacts,
  CopyList,
  CopyRange,
  CopyWriter,
  ReplicaTarget,
  StoredCopy,
} from "../../target.ts";
import { GcsBucket, type GcsWriting } from "./gcs-bucket.ts";
import { GcsWriter } from "./gcs-writer.ts";

export interface GcsTargetOptions extends GcsWriting {
  readonly name: string;
  readonly bucket: string;
  readonly projectId?: string | undefined;
  /** A service account's key; whoever the machine is (workload identity) where there is none. */
  readonly credentials?: { readonly client_email: string; readonly private_key: string } | undefined;
  /** Of a double: requests aren't signed then. Google's own where there is none. */
  readonly apiEndpoint?: string | undefined;
  readonly deadlines?: TargetDeadlines;
}

const MAX_RETRIES = 2;
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/**
 * Copies in a bucket of Google Cloud Storage. Needs: the role Storage Object User on the bucket. What an earlier try has left
 * is found by a small object under `.causeway-sessions/`, which has its session's URI and goes with it.
 */
export class GcsTarget implements ReplicaTarget {
  readonly kind = "gcs";
  readonly name: string;
  readonly #bucket: GcsBucket;

  constructor({ name, bucket, deadlines = TARGET_DEADLINES, ...options }: GcsTargetOptions) {
    this.name = name;
    const { projectId, credentials, apiEndpoint, ...writing } = options;
    const settings: StorageOptions = {
      timeout: deadlines.callMs,
      retryOptions: {
        autoRetry: true,
        maxRetries: MAX_RETRIES,
        totalTimeout: deadlines.callMs / 1000,
        // All of ours are: a key has one content.
        idempotencyStrategy: IdempotencyStrategy.RetryAlways,
      },
    };
    if (projectId !== undefined) settings.projectId = projectId;
    if (credentials !== undefined) {
      const { client_email: email, private_key: key } = credentials;
      settings.authClient = new JWT({ email, key, scopes: [SCOPE] });
    }
    if (apiEndpoint !== undefined) settings.apiEndpoint = apiEndpoint;
    this.#bucket = new GcsBucket(new Storage(settings).bucket(bucket), writing, deadlines);
  }

  async begin(facts: CopyFacts, signal: AbortSignal): Promise<CopyWriter> {
    const stored = await this.#bucket.head(facts.key, signal);
    if (stored?.sha256 === facts.sha256 && stored.sizeBytes === facts.sizeBytes) {
      return new GcsWriter(this.#bucket, facts, { kind: "stored" });
    }
    const partBytes = choosePartBytes(facts.sizeBytes);
    if (facts.sizeBytes <= partBytes) return new GcsWriter(this.#bucket, facts, { kind: "put" });
    const { session, sentBytes } = await this.#bucket.openSession(facts, signal);
    // What of a part is durable already is left out when it is sent: only whole parts are skipped.
    const wholeBytes = sentBytes - (sentBytes % partBytes);
    return new GcsWriter(this.#bucket, facts, { kind: "session", session, sentBytes: wholeBytes });
  }

  find(key: string, signal: AbortSignal): Promise<StoredCopy | undefined> {
    return this.#bucket.head(key, signal);
  }

  read(key: string, range: CopyRange | undefined, signal: AbortSignal): Promise<CopyBody | undefined> {
    return this.#bucket.get(key, range, signal);
  }

  async remove(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) {
      await this.#bucket.closeSession(key, false, signal);
      await this.#bucket.remove(key, signal);
    }
  }

  list(prefix: string, cursor: string | undefined, signal: AbortSignal): Promise<CopyList> {
    return this.#bucket.list(prefix, cursor, signal);
  }

  close(): void {}
}
