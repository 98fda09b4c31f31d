import { audit } from "./admin/audit.ts";
import { erasures, tenantErasure } from "./admin/erasures.ts";
import { exports } from "./admin/exports.ts";
import { failedJobs } from "./admin/failed-jobs.ts";
import { quarantine } from "./admin/quarantine.ts";
import { replicas } from "./admin/replicas.ts";
import { rescans } from "./admin/rescans.ts";
import { tenants } from "./admin/tenants.ts";
import { openApiRouter } from "./open-api.ts";

/**
 * `/v1/admin`: for the admins of a tenant and the operators of the deployment. Each says itself what of it works while the
 * tenant is being erased.
 */
export const admin = openApiRouter()
  .route("/audit", audit)
  .route("/failed-jobs", failedJobs)
  .route("/quarantine", quarantine)
  .route("/replicas", replicas)
  .route("/rescans", rescans)
  .route("/tenants", tenants)
  .route("/tenants", exports)
  .route("/tenants", tenantErasure)
  .route("/erasures", erasures);
