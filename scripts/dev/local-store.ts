import { z } from "zod";

/** S3's side of a bucket, by the names that the worker and the processor have for it. */
export interface S3Access {
  readonly S3_ENDPOINT: string;
  readonly S3_BUCKET: string;
  readonly S3_ACCESS_KEY_ID: string;
  readonly S3_SECRET_ACCESS_KEY: string;
}

/**
 * Which store a local stack's worker uses: R2 by its binding, or S3. That is the S3 side of the same local bucket, which
 * the runtime has and which checks signatures, or, where the environment says where (`S3_ENDPOINT`), any other.
 */
export type LocalStore =
  | { readonly kind: "r2" | "s3" }
  | { readonly kind: "s3"; readonly elsewhere: Readonly<Record<string, string>> };

const Choice = z.enum(["r2", "s3"], 'OBJECT_STORE must be "r2" or "s3", or not set.');

/** Throws a sentence for people. */
export function readLocalStore(env: NodeJS.ProcessEnv): LocalStore {
  const parsed = Choice.safeParse(env["OBJECT_STORE"] || "r2");
  if (!parsed.success) throw new Error(parsed.error.issues[0]?.message);
  if (parsed.data === "r2" || !env["S3_ENDPOINT"]) return { kind: parsed.data };
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[0].startsWith("S3_") && entry[1] !== undefined,
  );
  return { kind: "s3", elsewhere: Object.fromEntries(given) };
}

/** Settings of the processor, and of a worker that uses S3. */
export function storeSettings(store: LocalStore, local: S3Access): Readonly<Record<string, string>> {
  return "elsewhere" in store ? store.elsewhere : { ...local };
}
