import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { ObjectStoreOptions } from "../../../processor/object-store.ts";
import { COMPATIBILITY } from "../../../scripts/dev/compatibility.ts";

// As wrangler has it, so that it is the runtime that `npm start` uses.
const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
const miniflare = (await import(
  pathToFileURL(fromWrangler.resolve("miniflare")).href
)) as typeof import("miniflare");

const BUCKET = "causeway-files";
const CREDENTIALS = { accessKeyId: "test-key", secretAccessKey: "test-secret" };

export interface TestBucket {
  readonly options: ObjectStoreOptions;
  /** Stores an object; gives its ETag. */
  put(key: string, bytes: Uint8Array): Promise<string>;
  get(key: string): Promise<{ bytes: Buffer; contentType: string | undefined }>;
  stop(): Promise<void>;
}

/** A real R2 bucket in workerd, through the S3 endpoint that the processor uses in development. */
export async function startBucket(): Promise<TestBucket> {
  const runtime = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      modules: true,
      script: "export default { fetch: () => new Response(null, { status: 404 }) };",
      compatibilityDate: COMPATIBILITY.compatibilityDate,
      r2Buckets: { BUCKET: { id: BUCKET, s3Credentials: CREDENTIALS } },
    }),
  );
  const endpoint = new URL("cdn-cgi/local/r2/s3", await runtime.ready).href;
  const options = { endpoint, bucket: BUCKET, region: "auto", forcePathStyle: true, ...CREDENTIALS };
  const client = new S3Client({
    ...{ endpoint, region: "auto", forcePathStyle: true, credentials: CREDENTIALS },
    ...{ expectContinueHeader: false, requestChecksumCalculation: "WHEN_REQUIRED" },
  });
  return {
    options,
    put: async (Key, Body) => {
      const { ETag } = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      return ETag ?? "";
    },
    get: async (Key) => {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), contentType: ContentType };
    },
    stop: async () => {
      client.destroy();
      await runtime.dispose();
    },
  };
}
