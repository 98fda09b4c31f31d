import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startAzurite } from "./azurite.ts";
import { startGcsDouble } from "./gcs-double/server.ts";
import { startLocalS3 } from "./local-s3.ts";

export interface LocalReplicas {
  /** For the processor: `REPLICAS`, and the settings of each. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const BUCKET = "causeway-replicas";

/**
 * One target of each kind on this machine, named by its kind: for a development stack, that shows what copies are like, and
 * for tests. All of it is under `directory`, and is there again after a restart.
 */
export async function startLocalReplicas(
  directory: string,
  onOutput: (text: string) => void,
): Promise<LocalReplicas> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((each) => each()));
  };
  const started = async <T>(starting: Promise<T>, end: (part: T) => Promise<void>): Promise<T> => {
    const part = await starting;
    stops.push(() => end(part));
    return part;
  };
  const files = join(directory, "directory");
  mkdirSync(files, { recursive: true });
  try {
    const [s3, azure, gcs] = await Promise.all([
      started(startLocalS3(join(directory, "s3"), BUCKET), (part) => part.stop()),
      started(startAzurite(join(directory, "azure"), BUCKET, onOutput), (part) => part.stop()),
      started(startGcsDouble({ directory: join(directory, "gcs"), bucket: BUCKET }), (part) => part.close()),
    ]);
    const env = {
      REPLICAS: "s3,azure,gcs,directory",
      REPLICA_S3_KIND: "s3",
      REPLICA_S3_BUCKET: s3.bucket,
      REPLICA_S3_ENDPOINT: s3.endpoint,
      REPLICA_S3_ACCESS_KEY_ID: s3.accessKeyId,
      REPLICA_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      REPLICA_AZURE_KIND: "azure",
      REPLICA_AZURE_CONTAINER: BUCKET,
      REPLICA_AZURE_CONNECTION_STRING: azure.connectionString,
      REPLICA_GCS_KIND: "gcs",
      REPLICA_GCS_BUCKET: BUCKET,
      REPLICA_GCS_API_ENDPOINT: gcs.url,
      REPLICA_DIRECTORY_KIND: "directory",
      REPLICA_DIRECTORY_PATH: files,
    };
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
