import { createRoute } from "@hono/zod-openapi";
import type { GrantedIdentity } from "#contract/entity-grants.ts";
import { EntityGrantRequest, EntityGrantResponse, GrantRenewalRequest } from "#contract/entity-grants.ts";
import { formatTime } from "#contract/times.ts";
import type { AppContext } from "../app-env.ts";
import { actorOf } from "../middleware/actor.ts";
import { signEntityGrant, verifyEntityGrant } from "../middleware/grant-tokens.ts";
import { recordEvent } from "../services/audit.ts";
import { mintEntityGrant, renewEntityGrant } from "../services/entity-grants.ts";
import { ENTITY_GRANT_EXAMPLE, ENTITY_GRANT_REQUEST_EXAMPLE, RENEWAL_EXAMPLE } from "./examples.ts";
import { IDEMPOTENCY_ERRORS, IdempotencyHeaders, idempotent } from "./idempotent.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";

const PROBLEMS = [...JSON_BODY_ERRORS, "ROLE_REQUIRED"] as const;

const MADE = {
  201: {
    description: "The token",
    content: { "application/json": { schema: EntityGrantResponse, example: ENTITY_GRANT_EXAMPLE } },
  },
  ...sessionProblems(...PROBLEMS),
};

const mintRoute = createRoute({
  method: "post",
  path: "/",
  middleware: idempotent("createEntityGrant", "json"),
  operationId: "createEntityGrant",
  summary: "Make a token for the files of one entity",
  description:
    "For a CRM's backend, which knows who may open the record: one user lists, reads, uploads and deletes what is " +
    "attached to it with the token, as far as it is said here, and nothing else. It can't be revoked: it ends soon, and " +
    "is made again or renewed.",
  security: [{ bearer: [] }],
  request: {
    headers: IdempotencyHeaders,
    body: {
      required: true,
      content: { "application/json": { schema: EntityGrantRequest, example: ENTITY_GRANT_REQUEST_EXAMPLE } },
    },
  },
  responses: { ...MADE, ...sessionProblems(...PROBLEMS, ...IDEMPOTENCY_ERRORS) },
});

const renewRoute = createRoute({
  method: "post",
  path: "/renewals",
  operationId: "renewEntityGrant",
  summary: "Make an entity grant last longer",
  description: "Another token for the same user, entity and actions. The audit names it by the same id.",
  security: [{ bearer: [] }],
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: GrantRenewalRequest, example: RENEWAL_EXAMPLE } },
    },
  },
  responses: MADE,
});

async function answerWith(
  c: AppContext,
  granted: GrantedIdentity,
  action: "entity-grant.created" | "entity-grant.renewed",
) {
  const { id, entityType, entityId, allow, expiresAtMs } = granted.entityGrant;
  const token = await signEntityGrant(granted, c.get("config"));
  const detail = { userId: granted.userId, grantId: id, entityType, entityId, allow: allow.join(" ") };
  c.set("isGoodUntilMs", expiresAtMs);
  await recordEvent(c.env, { actor: actorOf(c), action, detail, atMs: Date.now() });
  return { id, token, expiresAt: formatTime(expiresAtMs) };
}

const router = openApiRouter();

/** `/v1/entity-grants`: what lets a user do with the files of one entity what the CRM says. */
export const entityGrants = router
  .openapi(mintRoute, async (c) => {
    const granted = mintEntityGrant(c.get("identity"), c.req.valid("json"), Date.now());
    return c.json(await answerWith(c, granted, "entity-grant.created"), 201);
  })
  .openapi(renewRoute, async (c) => {
    const { token, expiresInSeconds } = c.req.valid("json");
    const options = { evenIfEnded: true };
    const before = await verifyEntityGrant(token, c.get("config"), options).catch(() => undefined);
    const granted = renewEntityGrant(c.get("identity"), before, expiresInSeconds, Date.now());
    return c.json(await answerWith(c, granted, "entity-grant.renewed"), 201);
  });
