import { createRoute } from "@hono/zod-openapi";
import type { SignedUrlItem } from "#contract/api.ts";
import { SignedUrlRequest, SignedUrlResponse } from "#contract/api.ts";
import type { TenantId } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";
import { signDownload } from "../delivery/signed-url.ts";
import { actorOf } from "../middleware/actor.ts";
import { recordEvent } from "../services/audit.ts";
import type { ServableObject } from "../services/servable.ts";
import { requireSignable } from "../services/servable.ts";
import { SIGN_EXAMPLE, SIGNED_EXAMPLE } from "./examples.ts";
import { openApiRouter, sessionProblems } from "./open-api.ts";

const signRoute = createRoute({
  method: "post",
  path: "/",
  operationId: "signUrls",
  summary: "Sign download URLs, one or hundreds",
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

async function signItem(c: AppContext, tenantId: TenantId, item: SignedUrlItem, object: ServableObject) {
  const config = c.get("config");
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + item.expiresInSeconds;
  const { fileId, variant, disposition } = item;
  const download = { tenantId, fileId, version: object.version, variant, disposition, expiresAtSeconds };
  const path = await signDownload(download, object.filename, config.signingKeys);
  const origin = config.deliveryOrigin ?? new URL(c.req.url).origin;
  return { fileId, url: `${origin}${path}`, expiresAt: new Date(expiresAtSeconds * 1000).toISOString() };
}

const router = openApiRouter();

/** `/v1/signed-urls`: what a holder of a session may read, anyone may read by the URL made here, for a time. */
export const signedUrls = router.openapi(signRoute, async (c) => {
  const identity = c.get("identity");
  const { items } = c.req.valid("json");
  const objects = await requireSignable(c.env, identity, items);
  const signed = objects.map((object, index) => {
    const item = items[index];
    if (item === undefined) throw new Error("There are more objects than items.");
    return signItem(c, identity.tenantId, item, object);
  });
  const event = { actor: actorOf(c), action: "signed-url.created", detail: { items: items.length } } as const;
  // At the same time as the signing, and before anybody has the URLs.
  const [made] = await Promise.all([Promise.all(signed), recordEvent(c.env, { ...event, atMs: Date.now() })]);
  return c.json({ items: made }, 200);
});
