import type { DatabaseEnv } from "./remote-database.ts";
import { remoteDatabase } from "./remote-database.ts";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";

export type BenchEnv = Omit<Env, "BUCKET" | "DB"> & SinkEnv & DatabaseEnv;

/**
 * The product's env, made of the bench's by `make`. The same object for the same env: the product keeps what it parsed of
 * an env by the object itself.
 */
export function memoiseEnv(make: (env: BenchEnv) => Env): (env: BenchEnv) => Env {
  const made = new WeakMap<BenchEnv, Env>();
  return (env) => {
    const known = made.get(env);
    if (known !== undefined) return known;
    const created = make(env);
    made.set(env, created);
    return created;
  };
}

/** A SinkBucket has what the product uses of an R2Bucket, not all of it. */
export const productEnv = memoiseEnv(
  (env) => ({ ...withSinkBucket(env), DB: remoteDatabase(env.DATABASE) }) as unknown as Env,
);
