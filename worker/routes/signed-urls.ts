import { createRoute } from "@hono/zod-openapi";
import type { SignedUrl, SignedUrlItem } from "#contract/api.ts";
import { SignedUrlRequest, SignedUrlResponse } from "#contract/api.ts";
import { formatProblem } from "#contract/errors.ts";
import type { Identity } from "#contract/ids.ts";
import { formatTime } from "#contract/times.ts";
import type { AppContext } from "../app-env.ts";
import { signDownload } from "../delivery/signed-url.ts";
import { actorOf } from "../middleware/actor.ts";
import { recordSigning } from "../services/audit.ts";
import type { Signable, Unsignable } from "../services/signable.ts";
import { findSignable } from "../services/signable.ts";
import { SIGN_EXAMPLE, SIGNED_EXAMPLE } from "./examples.ts";
import { FILE_SECURITY, JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { deliveryOrigin } from "./origins.ts";

const signRoute = createRoute({
  method: "post",
  path: "/",
  operationId: "signUrls",
  summary: "Sign download URLs, one or hundreds",
  description:
    "A URL ends at its time, when its version isn't the current one any more, and when the member who asked for it may " +
    "no longer download the file: one that is by a share of it, or by an entity grant, ends with that at the latest. All " +
    "items are signed or none, and the error says which item is why; with `partial`, each has its own URL or error.",
  security: FILE_SECURITY,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: SignedUrlRequest, example: SIGN_EXAMPLE } },
    },
  },
  responses: {
    200: {
      description: "The URLs, in order",
      content: { "application/json": { schema: SignedUrlResponse, example: SIGNED_EXAMPLE } },
    },
    ...sessionProblems(
      ...JSON_BODY_ERRORS,
      "PERMISSION_REQUIRED",
      "FILE_NOT_FOUND",
      "VARIANT_NOT_FOUND",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
    ),
  },
});

/**
 * What a URL goes on depending on: of a member, that they may download the file; of a grant's holder, that the file is
 * attached to the grant's entity. One that was asked for by who may always read depends on neither.
 */
function askerOf({ role, userId, entityGrant }: Identity) {
  if (entityGrant !== undefined) {
    const { entityType, entityId } = entityGrant;
    return { within: { entityType, entityId } };
  }
  return role === "member" ? { askedBy: userId } : {};
}

async function signItem(
  c: AppContext,
  { item, object, untilMs }: Signable<SignedUrlItem>,
): Promise<SignedUrl> {
  const identity = c.get("identity");
  const endMs = Math.min(Date.now() + item.expiresInSeconds * 1000, untilMs ?? Number.POSITIVE_INFINITY);
  const expiresAtSeconds = Math.floor(endMs / 1000);
  const { fileId, variant, disposition } = item;
  const ref = { tenantId: identity.tenantId, fileId, version: object.version };
  const download = { ...ref, variant, disposition, expiresAtSeconds, ...askerOf(identity) };
  const path = await signDownload(download, object.filename, c.get("config").signingKeys);
  return {
    ...{ fileId, ok: true },
    url: `${deliveryOrigin(c)}${path}`,
    expiresAt: formatTime(expiresAtSeconds * 1000),
  };
}

async function answerItem(c: AppContext, each: Signable<SignedUrlItem> | Unsignable) {
  if ("object" in each) return signItem(c, each);
  const { fileId, error } = each;
  return { fileId, ok: false as const, error: formatProblem(error, c.get("requestId")) };
}

const router = openApiRouter();

/** `/v1/signed-urls`: what a holder of a session may read, anyone may read by the URL made here, for a time. */
export const signedUrls = router.openapi(signRoute, async (c) => {
  const identity = c.get("identity");
  const { items, partial } = c.req.valid("json");
  const found = await findSignable(c.env, identity, items);
  const refused = found.find((each) => "error" in each);
  if (refused !== undefined && !partial) throw refused.error;
  const signable = found.filter((each) => "object" in each);
  const signed = signable.map(({ item, object }) => ({
    ...{ fileId: item.fileId, version: object.version, variant: item.variant },
  }));
  // At the same time as the signing, and before anybody has the URLs.
  const [made] = await Promise.all([
    Promise.all(found.map((each) => answerItem(c, each))),
    signed.length > 0 ? recordSigning(c.env, actorOf(c), signed, Date.now()) : undefined,
  ]);
  return c.json({ items: made }, 200);
});
