import { inject } from "vitest";
import { openBucket } from "../../scripts/dev/side-door/bucket.ts";
import { openDatabase } from "../../scripts/dev/side-door/client.ts";
import type { WorkerAlone } from "./worker-alone.ts";
import { queryOf } from "./worker-alone.ts";

/** Of a worker that others use too: what is about all tenants, as its cron and its queue are, is no single test's. */
export type SharedWorker = Pick<
  WorkerAlone,
  | "url"
  | "jwtSecret"
  | "signedUrlSecret"
  | "reportSecret"
  | "openDatabase"
  | "bucket"
  | "query"
  | "objectKeys"
>;

/** The one worker alone of a run, set up as `useWorkerAlone()` does, for tests that need no other and keep to tenants of their own. */
export function sharedWorkerAlone(): SharedWorker {
  const { sideDoor, ...access } = inject("workerAlone");
  const door = { url: new URL(sideDoor.url), token: sideDoor.token };
  const bucket = openBucket(door, "BUCKET");
  return {
    ...access,
    bucket,
    openDatabase: (name) => openDatabase(door, name),
    query: queryOf(openDatabase(door, "DB")),
    objectKeys: (prefix) => bucket.list(prefix),
  };
}
