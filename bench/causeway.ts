import { TenantId, UserId } from "#contract/ids.ts";
import { UPLOADS_PATH } from "#contract/tus.ts";
import type { MigratableDatabase } from "../scripts/dev/migrations.ts";
import { applyMigrations } from "../scripts/dev/migrations.ts";
import { signToken } from "../scripts/dev/token.ts";
import type { Runtime, WorkerUnderTest } from "./rig.ts";
import { WORKER_NAME } from "./rig.ts";
import type { TusOptions } from "./uploads.ts";

/** Of this benchmark alone: its workers can't be reached from outside and last as long as it runs. */
const SECRET = "causeway-bench-causeway-bench-causeway-bench";
const TOKEN_TTL_SECONDS = 12 * 3600;

async function prepare(runtime: Runtime): Promise<void> {
  // miniflare's declaration of D1Database is another one of the same type.
  await applyMigrations((await runtime.getD1Database("DB", WORKER_NAME)) as unknown as MigratableDatabase);
}

/** The product's own worker and Durable Object, over the sink's bucket. */
export const CAUSEWAY: WorkerUnderTest = {
  entry: new URL("./workers/causeway.ts", import.meta.url),
  bindings: {
    bindings: {
      JWT_ISSUER: "causeway",
      JWT_AUDIENCE: "causeway",
      JWT_SECRET: SECRET,
      REPORT_SECRET: SECRET,
      SIGNED_URL_KEYS: `bench:${SECRET}`,
    },
    d1Databases: { DB: "bench" },
    durableObjects: { UPLOADS: { className: "UploadObject", useSQLite: true } },
    serviceBindings: { JOBS: { name: WORKER_NAME, entrypoint: "DiscardedJobs" } },
  },
  prepare,
};

function authorization(): () => Promise<Record<string, string>> {
  const identity = {
    tenantId: TenantId.parse("bench"),
    userId: UserId.parse("bench"),
    role: "member",
  } as const;
  let token: Promise<string> | undefined;
  return async () => {
    token ??= signToken(identity, { secret: SECRET, ttlSeconds: TOKEN_TTL_SECONDS });
    return { authorization: `Bearer ${await token}` };
  };
}

function encodeMetadata(metadata: Record<string, string>): string {
  const pairs = Object.entries(metadata);
  return pairs.map(([key, value]) => `${key} ${Buffer.from(value).toString("base64")}`).join(",");
}

export const CAUSEWAY_TUS: TusOptions = {
  path: UPLOADS_PATH,
  headers: authorization(),
  metadata: encodeMetadata({ filename: "film.mp4", filetype: "video/mp4" }),
};
