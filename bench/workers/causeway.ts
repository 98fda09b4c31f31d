import { WorkerEntrypoint } from "cloudflare:workers";
import worker, { UploadObject as ProductUploadObject } from "../../worker/index.ts";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

type BenchEnv = Env & SinkEnv;

const productEnvs = new WeakMap<BenchEnv, Env>();

/** The same object for the same env: the product keeps what it parsed of an env by the object itself. */
function productEnv(env: BenchEnv): Env {
  const known = productEnvs.get(env);
  if (known !== undefined) return known;
  // A SinkBucket has what the product uses of an R2Bucket, not all of it.
  const created = withSinkBucket(env) as unknown as Env;
  productEnvs.set(env, created);
  return created;
}

/** In place of the queue's producer: a call out of the isolate, and nothing kept, as the sink keeps no bytes. */
export class DiscardedJobs extends WorkerEntrypoint {
  async send(): Promise<void> {}
}

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: BenchEnv) {
    super(ctx, productEnv(env));
  }
}

export default {
  fetch: (request, env, ctx) => worker.fetch(request, productEnv(env), ctx),
} satisfies ExportedHandler<BenchEnv>;
