import type { Identity } from "#contract/ids.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { UPLOADS_PATH } from "#contract/tus.ts";
import { signToken } from "../scripts/dev/token.ts";
import type { TusOptions } from "./tus-client.ts";
import type { WorkerUnderTest } from "./worker-rig.ts";
import { WORKER_NAME } from "./worker-rig.ts";

/** Of this benchmark alone: its workers can't be reached from outside and last as long as it runs. */
const SECRET = "causeway-bench-causeway-bench-causeway-bench";
const TOKEN_TTL_SECONDS = 12 * 3600;
const TENANT = TenantId.parse("bench");
/** The large files' limit; each class of files has its own below it. */
const MAX_UPLOAD_BYTES = 16 * 1024 ** 3;

/** More than is uploaded in all: nothing is ever deleted. */
const QUOTA_BYTES = 1024 ** 5;

/** The class of the object that each upload has. */
export const OBJECT_CLASS = "UploadObject";

/** The product's own worker and Durable Object, over the sink's bucket and database. */
export const CAUSEWAY: WorkerUnderTest = {
  entry: new URL("./workers/causeway.ts", import.meta.url),
  bindings: {
    bindings: {
      JWT_ISSUER: "causeway",
      JWT_AUDIENCE: "causeway",
      JWT_SECRET: SECRET,
      REPORT_SECRET: SECRET,
      SIGNED_URL_KEYS: `bench:${SECRET}`,
      MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
      // One PATCH for the whole is measured too, and no edge is before this.
      MAX_APPEND_BYTES: String(MAX_UPLOAD_BYTES),
      DEFAULT_QUOTA_BYTES: String(QUOTA_BYTES),
    },
    durableObjects: { UPLOADS: { className: OBJECT_CLASS, useSQLite: true } },
    serviceBindings: { JOBS: { name: WORKER_NAME, entrypoint: "DiscardedJobs" } },
  },
};

/** The same with its operations counted; `OPERATIONS_PATH` answers and resets them. */
export const CAUSEWAY_COUNTED: WorkerUnderTest = {
  ...CAUSEWAY,
  entry: new URL("./workers/causeway-counted.ts", import.meta.url),
};
export const OPERATIONS_PATH = "/bench/operations";

/** The same in an isolate that collects its garbage whenever `COLLECT_PATH` is asked for. */
export const CAUSEWAY_COLLECTED: WorkerUnderTest = {
  ...CAUSEWAY,
  entry: new URL("./workers/causeway-collected.ts", import.meta.url),
  v8Flags: ["--expose-gc"],
};
export const COLLECT_PATH = "/bench/collect";

/** The same over a database of its own, miniflare's D1; `ROWS_READ_HEADER` asks for a count of what a request read. */
export function causewayOnD1(persistTo: string): WorkerUnderTest {
  const bindings = { ...CAUSEWAY.bindings, d1Databases: { DB: "listing" } };
  return { entry: new URL("./workers/causeway-d1.ts", import.meta.url), bindings, persistTo };
}
export const ROWS_READ_HEADER = "bench-rows-read";

/** The `Authorization` of somebody. */
export async function authorizationOf(identity: Identity): Promise<Record<string, string>> {
  return {
    authorization: `Bearer ${await signToken(identity, { secret: SECRET, ttlSeconds: TOKEN_TTL_SECONDS })}`,
  };
}

/** Name of the object of the upload at `path`. */
export function objectName(path: string): string {
  return `${TENANT}/${path.split("/").at(-1)}`;
}

function authorization(): () => Promise<Record<string, string>> {
  const identity = {
    tenantId: TENANT,
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

const headers = authorization();

export const CAUSEWAY_TUS: TusOptions = {
  path: UPLOADS_PATH,
  headers,
  creationHeaders: { "upload-metadata": encodeMetadata({ filename: "film.mp4", filetype: "video/mp4" }) },
};

/** A partial upload: the same bytes on the same path without a class of files, so that it may be as large as any. */
export const CAUSEWAY_LARGE_TUS: TusOptions = {
  path: UPLOADS_PATH,
  headers,
  creationHeaders: { "upload-concat": "partial" },
};
