/** The product over D1 as miniflare has it. Counting rows costs a second run of each statement: only where it is asked. */
import worker, { UploadObject as ProductUploadObject } from "../../worker/index.ts";
import { countRows } from "./counted-rows.ts";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

export { DiscardedJobs } from "./discarded-jobs.ts";

type D1BenchEnv = Omit<Env, "BUCKET"> & SinkEnv;

const made = new WeakMap<D1BenchEnv, Env>();

/** The same object for the same env: the product keeps what it parsed of an env by the object itself. */
function productEnv(env: D1BenchEnv): Env {
  // A SinkBucket has what the product uses of an R2Bucket, not all of it.
  const known = made.get(env) ?? (withSinkBucket(env) as unknown as Env);
  made.set(env, known);
  return known;
}

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: D1BenchEnv) {
    super(ctx, productEnv(env));
  }
}

const HEADER = "bench-rows-read";

export default {
  async fetch(request, env, ctx) {
    const product = productEnv(env);
    if (!request.headers.has(HEADER)) return worker.fetch(request, product, ctx);
    const { database, rows } = countRows(product.DB, "rows_read");
    const answer = await worker.fetch(request, { ...product, DB: database }, ctx);
    const counted = new Response(answer.body, answer);
    counted.headers.set(HEADER, String(rows()));
    return counted;
  },
} satisfies ExportedHandler<D1BenchEnv>;
