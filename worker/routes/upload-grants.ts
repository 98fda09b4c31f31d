import { createRoute } from "@hono/zod-openapi";
import { UploadGrantRequest, UploadGrantResponse } from "#contract/api.ts";
import { formatTime } from "#contract/times.ts";
import { actorOf } from "../middleware/actor.ts";
import { signUploadGrant } from "../middleware/upload-grant.ts";
import { recordEvent } from "../services/audit.ts";
import { mintUploadGrant } from "../services/upload-grants.ts";
import { GRANT_EXAMPLE, GRANT_REQUEST_EXAMPLE } from "./examples.ts";
import { openApiRouter, sessionProblems } from "./open-api.ts";

const mintRoute = createRoute({
  method: "post",
  path: "/",
  operationId: "createUploadGrant",
  summary: "Make a token that allows one upload",
  description:
    "For a CRM's backend: a browser or a phone that has no session uploads one file at /v1/uploads with the token, " +
    "within what is said here.",
  security: [{ bearer: [] }],
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: UploadGrantRequest, example: GRANT_REQUEST_EXAMPLE } },
    },
  },
  responses: {
    201: {
      description: "The token, and the id that the file will have",
      content: { "application/json": { schema: UploadGrantResponse, example: GRANT_EXAMPLE } },
    },
    ...sessionProblems("REQUEST_INVALID", "BODY_TOO_LARGE", "ROLE_REQUIRED"),
  },
});

const router = openApiRouter();

/** `/v1/upload-grants`: what lets somebody without a session upload one file. */
export const uploadGrants = router.openapi(mintRoute, async (c) => {
  const grant = mintUploadGrant(c.get("identity"), c.req.valid("json"), Date.now());
  const token = await signUploadGrant(grant, c.get("config"));
  const { fileId } = grant.ref;
  const event = { actor: actorOf(c), action: "upload-grant.created", fileId } as const;
  await recordEvent(c.env, { ...event, detail: { userId: grant.identity.userId }, atMs: Date.now() });
  const expiresAt = formatTime(grant.expiresAtMs);
  return c.json({ fileId, token, expiresAt }, 201);
});
