import { createRoute } from "@hono/zod-openapi";
import type { SignedUrlItem } from "#contract/api.ts";
import { SignedUrlRequest, SignedUrlResponse } from "#contract/api.ts";
import type { Identity } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";
import { signDownload } from "../delivery/signed-url.ts";
import { actorOf } from "../middleware/actor.ts";
import { recordSigning } from "../services/audit.ts";
import type { Signable } from "../services/signable.ts";
import { requireSignable } from "../services/signable.ts";
import { SIGN_EXAMPLE, SIGNED_EXAMPLE } from "./examples.ts";
import { openApiRouter, sessionProblems } from "./open-api.ts";
import { deliveryOrigin } from "./origins.ts";

const signRoute = createRoute({
  method: "post",
  path: "/",
  operationId: "signUrls",
  summary: "Sign download URLs, one or hundreds",
  description:
    "A URL ends at its time, when its version isn't the current one any more, and when the member who asked for it may " +
    "no longer download the file: one that is by a share of it ends with the share, at the latest.",
  security: [{ bearer: [] }],
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
      "REQUEST_INVALID",
      "BODY_TOO_LARGE",
      "PERMISSION_REQUIRED",
      "FILE_NOT_FOUND",
      "VARIANT_NOT_FOUND",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
    ),
  },
});

/** A URL that isn't for a member was asked for by who may always read. */
function askerOf({ role, userId }: Identity) {
  return role === "member" ? { askedBy: userId } : {};
}

async function signItem(c: AppContext, { item, object, untilMs }: Signable<SignedUrlItem>) {
  const identity = c.get("identity");
  const endMs = Math.min(Date.now() + item.expiresInSeconds * 1000, untilMs ?? Number.POSITIVE_INFINITY);
  const expiresAtSeconds = Math.floor(endMs / 1000);
  const { fileId, variant, disposition } = item;
  const ref = { tenantId: identity.tenantId, fileId, version: object.version };
  const download = { ...ref, variant, disposition, expiresAtSeconds, ...askerOf(identity) };
  const path = await signDownload(download, object.filename, c.get("config").signingKeys);
  return {
    fileId,
    url: `${deliveryOrigin(c)}${path}`,
    expiresAt: new Date(expiresAtSeconds * 1000).toISOString(),
  };
}

const router = openApiRouter();

/** `/v1/signed-urls`: what a holder of a session may read, anyone may read by the URL made here, for a time. */
export const signedUrls = router.openapi(signRoute, async (c) => {
  const identity = c.get("identity");
  const { items } = c.req.valid("json");
  const signable = await requireSignable(c.env, identity, items);
  const signed = signable.map(({ item, object }) => ({
    ...{ fileId: item.fileId, version: object.version, variant: item.variant },
  }));
  // At the same time as the signing, and before anybody has the URLs.
  const [made] = await Promise.all([
    Promise.all(signable.map((each) => signItem(c, each))),
    recordSigning(c.env, actorOf(c), signed, Date.now()),
  ]);
  return c.json({ items: made }, 200);
});
