import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

export default {
  async fetch(request, env) {
    const { size } = await withSinkBucket(env).BUCKET.put(crypto.randomUUID(), request.body);
    return Response.json({ size });
  },
} satisfies ExportedHandler<SinkEnv>;
