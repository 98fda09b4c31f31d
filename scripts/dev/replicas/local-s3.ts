import { COMPATIBILITY } from "../compatibility.ts";
import { miniflare } from "../from-wrangler.ts";
import { findFreePort } from "../ports.ts";
import { withoutSignalHandlers } from "../signals.ts";

export interface LocalS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const CREDENTIALS = { accessKeyId: "causeway-replica", secretAccessKey: "causeway-replica-secret" };

/**
 * S3 on loopback, by the S3 side of a bucket of R2's that a runtime of its own has: it checks signatures, and keeps what it
 * is given in `directory`. It lists no multipart uploads: a copy that was broken off begins again there.
 */
export async function startLocalS3(directory: string, bucket: string): Promise<LocalS3> {
  const port = await findFreePort();
  const worker = {
    name: "replica-s3",
    modules: true as const,
    script: "export default { fetch: () => new Response(null, { status: 404 }) };",
    compatibilityDate: COMPATIBILITY.compatibilityDate,
    r2Buckets: { BUCKET: { id: bucket, s3Credentials: CREDENTIALS } },
  };
  const runtime = withoutSignalHandlers(
    () =>
      new miniflare.Miniflare(
        miniflare.convertV4MiniflareOptions({
          host: HOST,
          port,
          resourcePersistencePath: directory,
          // Of miniflare's V4 options only the part that a bucket needs.
          workers: [worker as never],
        }),
      ),
  );
  await runtime.ready;
  return {
    endpoint: `http://${HOST}:${port}/cdn-cgi/local/r2/s3`,
    bucket,
    ...CREDENTIALS,
    stop: () => runtime.dispose(),
  };
}
