import { uploadMultipart } from "./multipart.ts";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

export default {
  async fetch(request, env) {
    if (request.body === null) return new Response(null, { status: 400 });
    return uploadMultipart(withSinkBucket(env).BUCKET, crypto.randomUUID(), request.body);
  },
} satisfies ExportedHandler<SinkEnv>;
