import { authenticate } from "../middleware/authenticate.ts";
import { releaseBody } from "../middleware/release-body.ts";
import { audit } from "./admin/audit.ts";
import { erasures, tenantErasure } from "./admin/erasures.ts";
import { exports } from "./admin/exports.ts";
import { tenants } from "./admin/tenants.ts";
import { openApiRouter } from "./open-api.ts";

const router = openApiRouter();
router.use(releaseBody, authenticate);

/** `/v1/admin`: for the admins of a tenant and the operators of the deployment. */
export const admin = router
  .route("/audit", audit)
  .route("/tenants", tenants)
  .route("/tenants", exports)
  .route("/tenants", tenantErasure)
  .route("/erasures", erasures);
