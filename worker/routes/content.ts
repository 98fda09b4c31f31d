import { z } from "@hono/zod-openapi";
import { Disposition, Variant } from "#contract/api.ts";
import type { AppContext } from "../app-env.ts";
import { serveObject } from "../delivery/serve.ts";
import type { AnnouncePage } from "../services/page-images.ts";
import type { ServableObject } from "../services/servable.ts";
import { sendJob } from "../storage/jobs.ts";
import { contentSource } from "./content-source.ts";

/** What is common to routes that answer with a file's bytes (delivery/serve.ts). */

export const ContentQuery = z.object({
  variant: Variant.default("original"),
  disposition: Disposition.default("attachment"),
});

const BYTES = { "*/*": { schema: { type: "string", format: "binary" } as const } };

export const CONTENT_RESPONSES = {
  200: { description: "The bytes", content: BYTES },
  206: { description: "A range of the bytes", content: BYTES },
  304: { description: "The caller's copy is still good" },
} as const;

/** Of bytes that may be served. */
export const SERVING_ERRORS = ["FILE_NOT_FOUND", "RANGE_NOT_SATISFIABLE", "STORE_UNAVAILABLE"] as const;

/** Of the check before: only a clean version is served. */
export const CONTENT_ERRORS = [
  ...SERVING_ERRORS,
  "VARIANT_BEING_MADE",
  "VARIANT_NOT_FOUND",
  "FILE_NOT_READY",
  "FILE_BLOCKED",
] as const;

/** Has a page drawn that is asked for. */
export function announcePage(c: AppContext): AnnouncePage {
  return (job) => sendJob(c.env, job);
}

/** The answer with an object's bytes, from a replica where the primary doesn't give them. Throws as `serveObject`. */
export function answerContent(
  c: AppContext,
  object: ServableObject,
  disposition: Disposition,
): Promise<Response> {
  return serveObject(contentSource(c, object.tenantId), object, c.req.raw, disposition);
}
