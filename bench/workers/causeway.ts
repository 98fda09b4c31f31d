import worker, { UploadObject as ProductUploadObject } from "../../worker/index.ts";
import type { BenchEnv } from "./product-env.ts";
import { productEnv } from "./product-env.ts";

export { DiscardedJobs } from "./discarded-jobs.ts";

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: BenchEnv) {
    super(ctx, productEnv(env));
  }
}

export default {
  fetch: (request, env, ctx) => worker.fetch(request, productEnv(env), ctx),
} satisfies ExportedHandler<BenchEnv>;
