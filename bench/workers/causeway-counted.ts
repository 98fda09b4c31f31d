/** The product with its operations counted. Counting costs CPU, so what is timed beside others is causeway.ts. */
import worker, { UploadObject as ProductUploadObject } from "../../worker/index.ts";
import { countedBucket, countedDatabase, countedQueue } from "./counted-bindings.ts";
import { countStorage } from "./counted-storage.ts";
import { operations } from "./operation-counter.ts";
import type { BenchEnv } from "./product-env.ts";
import { memoiseEnv } from "./product-env.ts";
import { remoteDatabase } from "./remote-database.ts";
import { withSinkBucket } from "./sink-bucket.ts";

export { DiscardedJobs } from "./discarded-jobs.ts";

const countedEnv = memoiseEnv((env) => {
  const counted = { JOBS: countedQueue(env.JOBS), DB: countedDatabase(remoteDatabase(env.DATABASE)) };
  const BUCKET = countedBucket(withSinkBucket(env).BUCKET);
  // A SinkBucket has what the product uses of an R2Bucket, not all of it.
  return { ...env, ...counted, BUCKET } as unknown as Env;
});

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: BenchEnv) {
    super(countStorage(ctx), countedEnv(env));
  }
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/bench/operations") return Response.json(operations.take());
    return worker.fetch(request, countedEnv(env), ctx);
  },
} satisfies ExportedHandler<BenchEnv>;
