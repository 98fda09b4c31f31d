import { rm } from "node:fs/promises";
import { beforeEach } from "vitest";
import { bundleOnce } from "../../../scripts/dev/build.ts";
import { COMPATIBILITY } from "../../../scripts/dev/compatibility.ts";
import { miniflare } from "../../../scripts/dev/from-wrangler.ts";
import { applyMigrations } from "../../../scripts/dev/migrations.ts";
import { openBucket } from "../../../scripts/dev/side-door/bucket.ts";
import { openDatabase, runCron } from "../../../scripts/dev/side-door/client.ts";
import { SIDE_DOOR_NAME, sideDoorWorker } from "../../../scripts/dev/side-door/options.ts";
import type { StackAccess } from "../api.ts";
import { newStateDirectory } from "../migrated-state.ts";
import { useStarted } from "../started.ts";
import type { Change, ControlState, UploadRows } from "./faults.ts";

const SECRET = "fault-tests-fault-tests-fault-tests-fault-tests";
const SIGNING_KEY = { kid: "test", secret: SECRET };
const NAME = "faulty";
const BUCKETS = ["BUCKET", "BUCKET_EU"] as const;

type D1 = ReturnType<typeof openDatabase>;

/** The product's worker over a bucket and a queue that fail when they are told to. Nothing is scanned here. */
export interface FaultyStack extends StackAccess {
  control(change: Change): Promise<ControlState>;
  /** Ends the upload's Durable Object as the platform does: what is in memory only is gone. */
  evict(tenantId: string, fileId: string): Promise<void>;
  /** Asks the database, or changes it. */
  query(sql: string, ...values: readonly (string | number)[]): Promise<readonly Record<string, unknown>[]>;
  /** The same of one of the databases, where there are jurisdictions. */
  queryIn(
    binding: "DB" | "DB_EU",
    sql: string,
    ...values: readonly (string | number)[]
  ): Promise<readonly Record<string, unknown>[]>;
  /** The keys of the objects in one of the buckets under a prefix. */
  listKeysIn(binding: "BUCKET" | "BUCKET_EU", prefix: string): Promise<readonly string[]>;
  /** Erases a file's record behind its upload's back. */
  eraseRecord(fileId: string): Promise<void>;
  /** Drops a multipart upload, as R2 does with those that are a week old. */
  dropMultipart(multipart: NonNullable<UploadRows["multipart"]>): Promise<void>;
  /** How many objects the bucket has. */
  countObjects(): Promise<number>;
  /** The stored bytes under a key, or undefined. */
  readObject(key: string): Promise<Buffer | undefined>;
  /** Puts an object into the bucket behind the product's back. */
  putObject(key: string, text: string): Promise<void>;
  /** Removes an object behind the product's back. */
  removeObject(key: string): Promise<void>;
  /** The keys of the objects under a prefix, in their order. */
  listKeys(prefix: string): Promise<readonly string[]>;
  readonly database: D1;
  /** By which it signs URLs. */
  readonly signingKey: { readonly kid: string; readonly secret: string };
  /** Runs the worker's cron handler as of a time; rejects where that throws. */
  runScheduled(atMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** One for all tests of a file. Before each of them nothing is to fail any more, and what was sent is forgotten. */
export function useFaultyStack(vars: Readonly<Record<string, string>> = {}): FaultyStack {
  const stack = useStarted(() => startFaultyStack(vars));
  beforeEach(async () => {
    await stack.control({ reset: true });
  });
  return stack;
}

export async function startFaultyStack(vars: Readonly<Record<string, string>> = {}): Promise<FaultyStack> {
  const directory = await newStateDirectory("causeway-faulty-");
  // Where there is one more, whatever goes over all databases goes over it.
  const databases = ["DB", ...("TENANT_JURISDICTIONS" in vars ? ["DB_EU"] : [])];
  const script = await bundleOnce("test/support/faulty/worker/index.ts");
  const sideDoor = sideDoorWorker({
    script: await bundleOnce("scripts/dev/side-door/index.ts"),
    compatibilityDate: COMPATIBILITY.compatibilityDate,
    ...{ token: SECRET, d1Databases: databases, r2Buckets: BUCKETS, main: NAME },
  });
  const runtime = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      resourcePersistencePath: directory,
      workers: [
        {
          name: NAME,
          modules: true,
          script,
          ...COMPATIBILITY,
          bindings: {
            JWT_ISSUER: "causeway",
            JWT_AUDIENCE: "causeway",
            JWT_SECRET: SECRET,
            REPORT_SECRET: SECRET,
            SIGNED_URL_KEYS: `${SIGNING_KEY.kid}:${SIGNING_KEY.secret}`,
            ...vars,
          },
          r2Buckets: [...BUCKETS],
          d1Databases: databases,
          durableObjects: { UPLOADS: { className: "UploadObject", useSQLite: true } },
          serviceBindings: {
            JOBS: { name: NAME, entrypoint: "FaultyQueue" },
            JOBS_EU: { name: NAME, entrypoint: "QueueElsewhere" },
          },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
        sideDoor as never,
      ],
    }),
  );
  await runtime.ready;
  const door = { url: await runtime.unsafeGetDirectURL(SIDE_DOOR_NAME), token: SECRET };
  const database = openDatabase(door, "DB");
  const bucket = openBucket(door, "BUCKET");
  for (const name of databases) await applyMigrations(openDatabase(door, name));
  const url = await runtime.unsafeGetDirectURL(NAME);
  return {
    url: url.href,
    jwtSecret: SECRET,
    async control(change) {
      const answer = await fetch(new URL("/test/control", url), {
        method: "POST",
        body: JSON.stringify(change),
      });
      return (await answer.json()) as ControlState;
    },
    async evict(tenantId, fileId) {
      const evicting = runtime.unsafeEvictDurableObject(NAME, "UploadObject", {
        name: `${tenantId}/${fileId}`,
      });
      await evicting.catch((error: unknown) => {
        // An object that isn't running has nothing in memory to lose.
        if (!String(error).includes("not currently running")) throw error;
      });
    },
    async query(sql, ...values) {
      const { results } = await database
        .prepare(sql)
        .bind(...values)
        .all();
      return results;
    },
    async queryIn(binding, sql, ...values) {
      const { results } = await openDatabase(door, binding)
        .prepare(sql)
        .bind(...values)
        .all();
      return results;
    },
    listKeysIn: (binding, prefix) => openBucket(door, binding).list(prefix),
    async eraseRecord(fileId) {
      await database.prepare("DELETE FROM files WHERE id = ?").bind(fileId).run();
    },
    dropMultipart: ({ key, id }) => bucket.abortMultipart(key, id),
    countObjects: async () => (await bucket.list()).length,
    async readObject(key) {
      const bytes = await bucket.get(key);
      return bytes === undefined ? undefined : Buffer.from(bytes);
    },
    async putObject(key, text) {
      await bucket.put(key, text);
    },
    removeObject: (key) => bucket.delete(key),
    listKeys: (prefix) => bucket.list(prefix),
    database,
    signingKey: SIGNING_KEY,
    runScheduled: (atMs) => runCron(door, atMs),
    async stop() {
      await runtime.dispose();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
