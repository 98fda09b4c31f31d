import { z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { Disposition, Variant } from "#contract/api.ts";
import { asAppError, PROBLEM_CONTENT_TYPE } from "#contract/errors.ts";
import type { AppContext } from "../app-env.ts";
import type { SignedDownload } from "../delivery/signed-url.ts";
import { verifySignedUrl } from "../delivery/signed-url.ts";
import { answerError } from "../middleware/problem.ts";
import { isForPeople, problemPage } from "../pages/share-page.ts";
import { requireSignedDownload } from "../services/downloads.ts";
import { answerPage } from "./answer-page.ts";
import { announcePage, CONTENT_ERRORS, CONTENT_RESPONSES, answerContent } from "./content.ts";
import { openApiRouter, pagesOf, problemResponses } from "./open-api.ts";
import { recordReading } from "./record-reading.ts";

/** `/d/<fileId>/<name>?…`: what a signed URL allows. */
export const downloads = openApiRouter();

/** People's browsers ask for HTML; programs, and pages for what they show, don't. */
function wantsPage(c: AppContext): boolean {
  const supports = [PROBLEM_CONTENT_TYPE, "text/html"];
  return accepts(c, { header: "Accept", supports, default: PROBLEM_CONTENT_TYPE }) === "text/html";
}

downloads.onError(async (error, c) => {
  const answer = await answerError(error, c);
  const known = asAppError(error);
  if (!isForPeople(known)) return answer;
  answer.headers.append("Vary", "Accept");
  return wantsPage(c) ? answerPage(c, (nonce) => problemPage(known, nonce), answer) : answer;
});

/** Documented only: whatever isn't as it was signed is `SIGNATURE_INVALID`, and nobody is told what it should have been. */
downloads.openAPIRegistry.registerPath({
  ...{ method: "get", path: "/{fileId}/{name}", operationId: "downloadBySignedUrl", security: [] },
  summary: "Download by a signed URL",
  description:
    "As POST /v1/signed-urls made it: nothing of it but the name can be changed. HEAD is allowed by it too. Once its file has " +
    "another version it is 410 SIGNED_URL_REPLACED. Whoever accepts HTML, as a browser that opens it does, is told by a page " +
    "that it has ended.",
  request: {
    params: z.object({
      fileId: z.string(),
      name: z
        .string()
        .meta({ description: "For people, and for what a browser saves it as", example: "report.pdf" }),
    }),
    query: z.object({
      t: z.string().meta({ description: "Tenant" }),
      v: z.int().min(1).meta({ description: "Version" }),
      variant: Variant,
      disp: Disposition,
      exp: z.int().min(0).meta({ description: "When it ends, in seconds since 1970" }),
      link: z.string().optional().meta({ description: "Id of the share link that it was made through" }),
      by: z.string().optional().meta({
        description:
          "The member that it was made for, encrypted: it ends when they may no longer download the file",
      }),
      in: z.string().optional().meta({
        description:
          "The entity that it was made within, encrypted: it ends when the file is attached to another",
      }),
      kid: z.string().meta({ description: "Id of the key that signed" }),
      sig: z.string().meta({ description: "HMAC-SHA256 in base64url" }),
    }),
    headers: z.object({
      Range: z.string().optional().meta({ description: "One range of bytes", example: "bytes=0-1023" }),
      "If-None-Match": z.string().optional().meta({ description: "The caller's copy" }),
    }),
  },
  responses: {
    ...CONTENT_RESPONSES,
    ...pagesOf(
      problemResponses(
        ...([
          "SIGNATURE_INVALID",
          "SIGNED_URL_EXPIRED",
          "SIGNED_URL_REPLACED",
          "SERVICE_UNAVAILABLE",
        ] as const),
        ...CONTENT_ERRORS,
        // Of a URL that was made through a share link.
        ...(["SHARE_LINK_NOT_FOUND", "SHARE_LINK_ENDED", "SHARE_LINKS_OFF"] as const),
      ),
    ),
  },
});

/**
 * Whoever holds a signed URL isn't known: the URL is, or the share link that it was made through. A download through a link
 * is counted and recorded when its URL is made (services/share-access.ts); the thumbnail on the link's page is neither.
 */
function recordSignedRead(c: AppContext, signed: SignedDownload, answer: Response): void {
  const { tenantId, fileId, version, variant, linkId } = signed;
  if (linkId !== undefined && variant === "original") return;
  const holder =
    linkId === undefined
      ? ({ id: "signed-url", kind: "signed-url" } as const)
      : ({ id: linkId, kind: "share-link" } as const);
  const actor = { ...holder, tenantId, requestId: c.get("requestId") };
  const ref = { tenantId, fileId, version };
  recordReading(c, answer, { actor, by: c.req.query("sig") ?? "", ref, variant, sampled: true });
}

// Hono answers HEAD by the GET handler, without the body.
downloads.get("/:fileId/:name", async (c) => {
  const { search } = new URL(c.req.url);
  const { signingKeys } = c.get("config");
  const signed = await verifySignedUrl(c.req.param("fileId"), search, signingKeys, Date.now());
  const object = await requireSignedDownload(c.env, announcePage(c), signed);
  const answer = await answerContent(c, object, signed.disposition);
  recordSignedRead(c, signed, answer);
  return answer;
});
