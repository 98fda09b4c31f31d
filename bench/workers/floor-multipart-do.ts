import { DurableObject } from "cloudflare:workers";
import { uploadMultipart } from "./multipart.ts";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

interface Env extends SinkEnv {
  readonly UPLOADS: DurableObjectNamespace<FloorObject>;
}

export class FloorObject extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (request.body === null) return new Response(null, { status: 400 });
    return uploadMultipart(withSinkBucket(this.env).BUCKET, crypto.randomUUID(), request.body);
  }
}

export default {
  async fetch(request, env) {
    return env.UPLOADS.get(env.UPLOADS.newUniqueId()).fetch(request);
  },
} satisfies ExportedHandler<Env>;
