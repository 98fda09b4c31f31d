import { createRoute, z } from "@hono/zod-openapi";
import { verifyPublicUrl } from "../delivery/public-url.ts";
import { requirePublicDownload } from "../services/downloads.ts";
import { answerContent, CONTENT_RESPONSES, ContentQuery, SERVING_ERRORS } from "./content.ts";
import { openApiRouter, problemResponses } from "./open-api.ts";
import { recordReading } from "./record-reading.ts";

/** Not a tenant's or a signature's own schema: what can't be one is a URL that isn't ours. */
const Signature = z.object({
  t: z.string().default("").meta({ description: "The tenant" }),
  kid: z.string().default("").meta({ description: "Which key it is signed by" }),
  sig: z.string().default("").meta({ description: "HMAC-SHA256 of tenant and file" }),
});

const readRoute = createRoute({
  method: "get",
  path: "/{fileId}/{name}",
  operationId: "readPublicFile",
  summary: "Read a public file or a variant of it",
  description:
    "A file's record has this URL while the file is public and its tenant has public files. It doesn't expire, and " +
    "gives the current version. " +
    "The name is for people; variant and disposition may be set by whoever uses the URL. Of images of pages it gives those " +
    "that somebody with a session had drawn.",
  request: {
    params: z.object({ fileId: z.string(), name: z.string() }),
    query: Signature.extend(ContentQuery.shape),
  },
  responses: {
    ...CONTENT_RESPONSES,
    ...problemResponses(
      "REQUEST_INVALID",
      "SIGNATURE_INVALID",
      "VARIANT_BEING_MADE",
      "VARIANT_NOT_FOUND",
      "SERVICE_UNAVAILABLE",
      ...SERVING_ERRORS,
    ),
  },
});

/** `/p/<fileId>/<name>?…`: files that were made public, for anybody. Hono answers HEAD by the GET handler. */
export const publicFiles = openApiRouter().openapi(readRoute, async (c) => {
  const { variant, disposition, ...signature } = c.req.valid("query");
  const file = await verifyPublicUrl(c.req.valid("param").fileId, signature, c.get("config").signingKeys);
  const object = await requirePublicDownload(c.env, file, variant);
  const answer = await answerContent(c, object, disposition);
  const { tenantId } = file;
  const actor = { tenantId, id: "public-url", kind: "public-url", requestId: c.get("requestId") } as const;
  recordReading(c, answer, { actor, ref: { ...file, version: object.version }, variant, sampled: true });
  return answer;
});
