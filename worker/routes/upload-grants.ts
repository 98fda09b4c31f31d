import { createRoute } from "@hono/zod-openapi";
import type { UploadGrant } from "#contract/api.ts";
import { UploadGrantRequest, UploadGrantResponse } from "#contract/api.ts";
import { GrantRenewalRequest } from "#contract/entity-grants.ts";
import { formatTime } from "#contract/times.ts";
import type { AppContext } from "../app-env.ts";
import { actorOf } from "../middleware/actor.ts";
import { signUploadGrant, verifyUploadGrant } from "../middleware/grant-tokens.ts";
import { recordEvent } from "../services/audit.ts";
import { mintUploadGrant, renewUploadGrant } from "../services/upload-grants.ts";
import { GRANT_EXAMPLE, GRANT_REQUEST_EXAMPLE, RENEWAL_EXAMPLE } from "./examples.ts";
import { IDEMPOTENCY_ERRORS, IdempotencyHeaders, idempotent } from "./idempotent.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";

const MADE = {
  201: {
    description: "The token, the id that the file will have, and the number of its version",
    content: { "application/json": { schema: UploadGrantResponse, example: GRANT_EXAMPLE } },
  },
};

const mintRoute = createRoute({
  method: "post",
  path: "/",
  middleware: idempotent("createUploadGrant", "json"),
  operationId: "createUploadGrant",
  summary: "Make a token that allows one upload",
  description:
    "For a CRM's backend: a browser or a phone that has no session uploads one file at /v1/uploads with the token, " +
    "within what is said here. What has become of it is read with the token at /v1/files/{fileId}/versions/{version}.",
  security: [{ bearer: [] }],
  request: {
    headers: IdempotencyHeaders,
    body: {
      required: true,
      content: { "application/json": { schema: UploadGrantRequest, example: GRANT_REQUEST_EXAMPLE } },
    },
  },
  responses: {
    ...MADE,
    ...sessionProblems(
      ...IDEMPOTENCY_ERRORS,
      ...([...JSON_BODY_ERRORS, "ROLE_REQUIRED"] as const),
      ...(["FILE_NOT_FOUND", "FILE_IN_TRASH", "FILE_NOT_READY", "VERSION_LIMIT_REACHED"] as const),
    ),
  },
});

const renewRoute = createRoute({
  method: "post",
  path: "/renewals",
  operationId: "renewUploadGrant",
  summary: "Make an upload grant last longer",
  description:
    "Another token for the same upload, which goes on with it: one whose grant has ended isn't lost.",
  security: [{ bearer: [] }],
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: GrantRenewalRequest, example: RENEWAL_EXAMPLE } },
    },
  },
  responses: { ...MADE, ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED") },
});

async function answerWith(
  c: AppContext,
  grant: UploadGrant,
  action: "upload-grant.created" | "upload-grant.renewed",
) {
  const token = await signUploadGrant(grant, c.get("config"));
  const { fileId, version } = grant.ref;
  const detail = { userId: grant.identity.userId };
  c.set("isGoodUntilMs", grant.expiresAtMs);
  await recordEvent(c.env, { actor: actorOf(c), action, fileId, version, detail, atMs: Date.now() });
  return { fileId, version, token, expiresAt: formatTime(grant.expiresAtMs) };
}

const router = openApiRouter();

/** `/v1/upload-grants`: what lets somebody without a session upload one file. */
export const uploadGrants = router
  .openapi(mintRoute, async (c) => {
    const grant = await mintUploadGrant(c.env, c.get("identity"), c.req.valid("json"), Date.now());
    return c.json(await answerWith(c, grant, "upload-grant.created"), 201);
  })
  .openapi(renewRoute, async (c) => {
    const { token, expiresInSeconds } = c.req.valid("json");
    const options = { evenIfEnded: true };
    const before = await verifyUploadGrant(token, c.get("config"), options).catch(() => undefined);
    const grant = renewUploadGrant(c.get("identity"), before, expiresInSeconds, Date.now());
    return c.json(await answerWith(c, grant, "upload-grant.renewed"), 201);
  });
