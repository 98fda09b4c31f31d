import { MAX_OPEN_RESCANS } from "#contract/rescans.ts";
import { sendJson } from "../admin.ts";
import { IDEMPOTENT } from "./idempotency.ts";
import type { Ask, Scene } from "./scene.ts";
import { MISSING_ID } from "./scene.ts";
import type { Refusal, Refusals, RefusalTable } from "./table.ts";
import {
  ADMIN,
  breakReading,
  byMember,
  inState,
  ERASING,
  json,
  MISSING_FILE,
  NOT_CLEAN,
  BODY,
  RANGE,
  JSON_BODY,
  withBody,
  withQuery,
} from "./table.ts";

const ANOTHER_TENANT = "nobody-has-this";

/** The same about another tenant. */
const ofAnother: Refusal = ({ ann }, good) => ({
  ...good,
  path: good.path.replace(ann.tenantId, ANOTHER_TENANT),
});

const TENANT: Refusals = { ...ADMIN, ROLE_REQUIRED: byMember, TENANT_NOT_FOUND: ofAnother };

/** A request by the tenant's admin about a tenant in which there is a file. */
function ofTenant(method: string, path: string, body?: (tenantId: string) => object) {
  return async (scene: Scene): Promise<Ask> => {
    const { tenantId } = scene.ann;
    const fileId = await scene.addCleanFile();
    const filled = `/v1/admin/tenants/${tenantId}${path.replace("{fileId}", fileId)}`;
    return body === undefined
      ? { by: scene.admin, method, path: filled }
      : json(scene.admin, method, filled, body(tenantId));
  };
}

const erase = ofTenant("POST", "/erasure", (confirm) => ({ confirm }));

/** A request by the tenant's admin about a version whose job has failed. */
function ofFailedJob(method: string, path: string) {
  return async (scene: Scene): Promise<Ask> => {
    const fileId = await scene.addCleanFile();
    await scene.stack.query(
      "INSERT INTO failed_jobs VALUES (?, ?, 1, 'INTERNAL', 'It did not get on.', 5, 1000)",
      ...[scene.ann.tenantId, fileId],
    );
    return { by: scene.admin, method, path: `/v1/admin${path.replace("{fileId}", fileId)}` };
  };
}

/** A request by the tenant's admin about a version that is infected. */
function ofBlocked(method: string, path: string, body?: object) {
  return async (scene: Scene): Promise<Ask> => {
    const filled = `/v1/admin${path.replace("{fileId}", await scene.addCleanFile())}`;
    await scene.setState("infected");
    return body === undefined
      ? { by: scene.admin, method, path: filled }
      : json(scene.admin, method, filled, body);
  };
}

const BLOCKED: Refusals = { VERSION_NOT_BLOCKED: inState("clean") };

const REPLICAS = "/v1/admin/replicas";
const RESCANS = "/v1/admin/rescans";
const UNKNOWN_COPY = { fileId: MISSING_ID, version: 1, target: "near" };

/** A request by the tenant's admin about a rescan that runs. */
function ofRescan(method: string, path: string) {
  return async ({ admin }: Scene): Promise<Ask> => {
    const answer = await sendJson(admin, "POST", RESCANS, {});
    const { id } = (await answer.json()) as { id: string };
    return { by: admin, method, path: `${RESCANS}/${id}${path}` };
  };
}

const noSuchRescan: Refusal = (_scene, good) => ({
  ...good,
  path: good.path.replace(/rescans\/[^/]+/, `rescans/${MISSING_ID}`),
});

const OF_ADMINS: Refusals = { ...ADMIN, ...ERASING, ROLE_REQUIRED: byMember };

export const ADMINISTRATION: RefusalTable = {
  "GET /v1/admin/failed-jobs": {
    good: ofFailedJob("GET", "/failed-jobs"),
    refusals: { ...OF_ADMINS, REQUEST_INVALID: withQuery("limit=many") },
  },
  "GET /v1/admin/quarantine": {
    good: ofBlocked("GET", "/quarantine"),
    refusals: { ...OF_ADMINS, REQUEST_INVALID: withQuery("state=clean") },
  },
  "POST /v1/admin/quarantine/{fileId}/{version}/release": {
    good: ofBlocked("POST", "/quarantine/{fileId}/1/release", { reason: "A false alarm." }),
    refusals: {
      ...OF_ADMINS,
      ...BODY,
      ...BLOCKED,
      VERSION_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace("/1/", "/2/") }),
    },
  },
  "DELETE /v1/admin/quarantine/{fileId}/{version}": {
    good: ofBlocked("DELETE", "/quarantine/{fileId}/1"),
    refusals: {
      ...OF_ADMINS,
      ...BLOCKED,
      VERSION_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace(/1$/, "2") }),
    },
  },
  "GET /v1/admin/replicas": {
    good: ({ admin }) => ({ by: admin, method: "GET", path: REPLICAS }),
    refusals: { ...OF_ADMINS, REQUEST_INVALID: withQuery("cursor=1.2") },
  },
  "GET /v1/admin/replicas/targets": {
    good: ({ admin }) => ({ by: admin, method: "GET", path: `${REPLICAS}/targets` }),
    refusals: OF_ADMINS,
  },
  "GET /v1/admin/replicas/removals": {
    good: ({ admin }) => ({ by: admin, method: "GET", path: `${REPLICAS}/removals` }),
    refusals: { ...OF_ADMINS, REQUEST_INVALID: withQuery("limit=many") },
  },
  "POST /v1/admin/replicas/backfill": {
    good: ({ admin }) => json(admin, "POST", `${REPLICAS}/backfill`, {}),
    refusals: { ...OF_ADMINS, ...BODY },
  },
  "POST /v1/admin/replicas/retry": {
    good: ({ admin }) => json(admin, "POST", `${REPLICAS}/retry`, {}),
    refusals: { ...OF_ADMINS, ...BODY },
  },
  "POST /v1/admin/replicas/repair": {
    good: ({ admin }) => json(admin, "POST", `${REPLICAS}/repair`, { versions: [UNKNOWN_COPY] }),
    refusals: { ...OF_ADMINS, ...BODY },
  },
  "GET /v1/admin/rescans": {
    good: ({ admin }) => ({ by: admin, method: "GET", path: RESCANS }),
    refusals: OF_ADMINS,
  },
  "POST /v1/admin/rescans": {
    good: ({ admin }) => json(admin, "POST", RESCANS, {}),
    refusals: {
      ...IDEMPOTENT,
      ...OF_ADMINS,
      ...BODY,
      FILE_NOT_FOUND: withBody(JSON.stringify({ fileId: MISSING_ID })),
      async RESCAN_LIMIT_REACHED({ admin }, good) {
        for (let begun = 0; begun < MAX_OPEN_RESCANS; begun += 1) await sendJson(admin, "POST", RESCANS, {});
        return good;
      },
    },
  },
  "GET /v1/admin/rescans/{id}": {
    good: ofRescan("GET", ""),
    refusals: { ...OF_ADMINS, RESCAN_NOT_FOUND: noSuchRescan },
  },
  "POST /v1/admin/rescans/{id}/{change}": {
    good: ofRescan("POST", "/pause"),
    refusals: {
      ...OF_ADMINS,
      RESCAN_NOT_FOUND: noSuchRescan,
      REQUEST_INVALID: (_scene, good) => ({ ...good, path: good.path.replace("pause", "hurry") }),
      async RESCAN_ENDED({ admin }, good) {
        await admin.fetch(good.path.replace("pause", "cancel"), { method: "POST" });
        return good;
      },
    },
  },
  "POST /v1/admin/failed-jobs/retry": {
    good: ofFailedJob("POST", "/failed-jobs/retry"),
    refusals: OF_ADMINS,
  },
  "POST /v1/admin/failed-jobs/{fileId}/{version}/retry": {
    good: ofFailedJob("POST", "/failed-jobs/{fileId}/1/retry"),
    refusals: {
      ...OF_ADMINS,
      FAILED_JOB_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace("/1/", "/2/") }),
    },
  },
  "GET /v1/admin/audit": {
    good: ({ admin }) => ({ by: admin, method: "GET", path: "/v1/admin/audit" }),
    refusals: { ...ADMIN, ROLE_REQUIRED: byMember, REQUEST_INVALID: withQuery("limit=many") },
  },
  "GET /v1/admin/tenants": {
    good: ({ operator }) => ({ by: operator, method: "GET", path: "/v1/admin/tenants" }),
    refusals: {
      ...ADMIN,
      ROLE_REQUIRED: (scene, good) => ({ ...good, by: scene.admin }),
      REQUEST_INVALID: withQuery("limit=many"),
    },
  },
  "GET /v1/admin/tenants/{tenantId}": { good: ofTenant("GET", ""), refusals: TENANT },
  "PATCH /v1/admin/tenants/{tenantId}": {
    good: ofTenant("PATCH", "", () => ({ settings: { publicFiles: true } })),
    refusals: { ...TENANT, ...ERASING, ...BODY },
  },
  "POST /v1/admin/tenants/{tenantId}/recount": {
    good: ofTenant("POST", "/recount"),
    refusals: { ...TENANT, ...ERASING },
  },
  "GET /v1/admin/tenants/{tenantId}/recount": {
    good: ofTenant("GET", "/recount"),
    refusals: { ...TENANT, ...ERASING },
  },
  "GET /v1/admin/tenants/{tenantId}/export": {
    good: ofTenant("GET", "/export"),
    refusals: { ...TENANT, ...ERASING, REQUEST_INVALID: withQuery("limit=many") },
  },
  "GET /v1/admin/tenants/{tenantId}/files/{fileId}/versions/{version}/content": {
    good: ofTenant("GET", "/files/{fileId}/versions/1/content"),
    refusals: {
      ...TENANT,
      ...ERASING,
      ...MISSING_FILE,
      ...NOT_CLEAN,
      ...RANGE,
      STORE_UNAVAILABLE: breakReading,
      VERSION_NOT_FOUND: (_scene, good) => ({ ...good, path: good.path.replace("/1/", "/9/") }),
    },
  },
  "POST /v1/admin/tenants/{tenantId}/erasure": {
    good: erase,
    refusals: { ...TENANT, ...JSON_BODY, REQUEST_INVALID: withBody(JSON.stringify({ confirm: "another" })) },
  },
  "GET /v1/admin/erasures/{id}": {
    async good(scene) {
      const { path, headers = {}, body = null } = await erase(scene);
      const answer = await scene.admin.fetch(path, { method: "POST", headers: { ...headers }, body });
      const { id } = (await answer.json()) as { id: string };
      return { by: scene.admin, method: "GET", path: `/v1/admin/erasures/${id}` };
    },
    refusals: {
      ...ADMIN,
      ROLE_REQUIRED: byMember,
      ERASURE_NOT_FOUND: (_scene, good) => ({ ...good, path: `/v1/admin/erasures/${MISSING_ID}` }),
    },
  },
};
