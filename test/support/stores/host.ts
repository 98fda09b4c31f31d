import { bundleOnce } from "../../../scripts/dev/build.ts";
import { COMPATIBILITY } from "../../../scripts/dev/compatibility.ts";
import { miniflare } from "../../../scripts/dev/from-wrangler.ts";
import { findFreePort } from "../../../scripts/dev/ports.ts";
import { useStarted } from "../started.ts";
import type { CallAnswer, CallName, Results, StoreCall } from "./calls.ts";

const NAME = "stores";
const CREDENTIALS = { accessKeyId: "test-key", secretAccessKey: "test-secret" };
const BUCKET_ID = "stores-bucket";

export type StoreVars = Readonly<Record<string, string>>;

/** A worker that calls stores, with a bucket that it reaches by R2's binding and by S3. */
export interface StoreHost {
  /** Of the bucket's S3 side. */
  readonly s3: StoreVars;
  /** Returns what the call does, and rejects with an Error of its code: `STORE_UNAVAILABLE: PutObject: 403 …`. */
  call<C extends StoreCall>(
    vars: StoreVars,
    call: C,
  ): Promise<C["call"] extends CallName ? Results[C["call"]] : never>;
  stop(): Promise<void>;
}

export const R2: StoreVars = { OBJECT_STORE: "r2" };

/** One for all tests of a file. */
export function useStoreHost(): StoreHost {
  return useStarted(startStoreHost);
}

async function startStoreHost(): Promise<StoreHost> {
  const script = await bundleOnce("test/support/stores/worker/index.ts");
  const port = await findFreePort();
  const runtime = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      ...{ host: "127.0.0.1", port, name: NAME, modules: true, script, ...COMPATIBILITY },
      r2Buckets: { BUCKET: { id: BUCKET_ID, s3Credentials: CREDENTIALS } },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  await runtime.ready;
  const url = await runtime.unsafeGetDirectURL(NAME);
  return {
    s3: {
      OBJECT_STORE: "s3",
      S3_ENDPOINT: `http://127.0.0.1:${port}/cdn-cgi/local/r2/s3`,
      S3_BUCKET: BUCKET_ID,
      S3_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      S3_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
    async call(vars, call) {
      const answer = await fetch(url, { method: "POST", body: JSON.stringify({ vars, call }) });
      const outcome = (await answer.json()) as CallAnswer;
      if (outcome.stillHeld > 0) throw new Error(`${call.call} doesn't let go of its body.`);
      if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.cause}`);
      return outcome.value as never;
    },
    stop: () => runtime.dispose(),
  };
}
