import type { Caller } from "./api.ts";
import { TUS } from "./api.ts";
import type { WorkerAlone } from "./worker-alone.ts";
import { useWorkerAlone } from "./worker-alone.ts";

/** So little that a test can use it up. */
export const QUOTA_BYTES = 10_999 * 1024;

export interface SmallQuota {
  readonly stack: WorkerAlone;
  /** Makes it due that the sweep asks what a tenant's uploads need. */
  makeDue(caller: Caller): Promise<unknown>;
}

/** A worker for all tests of a file, whose tenants have a quota of `QUOTA_BYTES`. */
export function useSmallQuota(): SmallQuota {
  const stack = useWorkerAlone({ DEFAULT_QUOTA_BYTES: String(QUOTA_BYTES), TENANT_CACHE_SECONDS: "0" });
  return {
    stack,
    makeDue: ({ tenantId }) =>
      stack.query("UPDATE quota_reservations SET check_at_ms = 0 WHERE tenant_id = ?", tenantId),
  };
}

/** Ends an upload, which frees what it has of the quota. */
export function terminate(caller: Caller, location: string): Promise<Response> {
  return caller.fetch(location, { method: "DELETE", headers: TUS });
}
