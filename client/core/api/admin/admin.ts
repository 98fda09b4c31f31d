import type { ApiCall } from "../../http.ts";
import { type Audit, createAudit } from "./audit.ts";
import { createFailedJobs, type FailedJobs } from "./failed-jobs.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { createRescans, type Rescans } from "./rescans.ts";
import { createTenants, type Tenants } from "./tenants.ts";

/** What a tenant's admins do, and the deployment's operators. */
export interface Admin {
  readonly audit: Audit;
  readonly failedJobs: FailedJobs;
  readonly quarantine: Quarantine;
  readonly replicas: Replicas;
  readonly rescans: Rescans;
  readonly tenants: Tenants;
}

export function createAdmin(call: ApiCall): Admin {
  return {
    audit: createAudit(call),
    failedJobs: createFailedJobs(call),
    quarantine: createQuarantine(call),
    replicas: createReplicas(call),
    rescans: createRescans(call),
    tenants: createTenants(call),
  };
}
