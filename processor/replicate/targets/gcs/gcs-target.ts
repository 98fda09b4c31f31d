import { IdempotencyStrategy, Storage, type StorageOptions } from "@google-cloud/storage";
import { JWT } from "google-auth-library";
import { TARGET_DEADLINES, type TargetDeadlines } from "../../call.ts";
import type { CopyFacts, CopyWriter } from "../../target.ts";
import { BucketTarget } from "../bucket-target.ts";
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
export class GcsTarget extends BucketTarget<GcsBucket> {
  readonly kind = "gcs";

  constructor({ name, bucket, deadlines = TARGET_DEADLINES, ...options }: GcsTargetOptions) {
    const { projectId, credentials, apiEndpoint, ...writing } = options;
    const storage = openStorage({ projectId, credentials, apiEndpoint }, deadlines);
    super(name, new GcsBucket(storage.bucket(bucket), writing, deadlines));
  }

  protected proveStored(facts: CopyFacts): CopyWriter {
    return new GcsWriter(this.bucket, facts, { kind: "stored" });
  }

  protected put(facts: CopyFacts): CopyWriter {
    return new GcsWriter(this.bucket, facts, { kind: "put" });
  }

  protected async goOn(facts: CopyFacts, partBytes: number, signal: AbortSignal): Promise<CopyWriter> {
    const { session, sentBytes } = await this.bucket.openSession(facts, signal);
    // What of a part is durable already is left out when it is sent: only whole parts are skipped.
    const wholeBytes = sentBytes - (sentBytes % partBytes);
    return new GcsWriter(this.bucket, facts, { kind: "session", session, sentBytes: wholeBytes });
  }
}

function openStorage(
  {
    projectId,
    credentials,
    apiEndpoint,
  }: Pick<GcsTargetOptions, "projectId" | "credentials" | "apiEndpoint">,
  deadlines: TargetDeadlines,
): Storage {
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
  return new Storage(settings);
}
