import type { Variant } from "#contract/api.ts";
import { kindOf, typeOf } from "#contract/derivatives.ts";
import { AppError } from "#contract/errors.ts";
import type { PageJob } from "#contract/jobs.ts";
import type { PageImageName } from "#contract/page-images.ts";
import { isPageImage, KINDS_WITH_PAGES, MAX_PAGE_IMAGES, parsePageImage } from "#contract/page-images.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { FileWithDetails } from "../db/files.ts";
import { claimPageImage, findPageImage, releasePageImage } from "../db/page-images.ts";
import { jobOf } from "./announce.ts";
import { missingDerivativesOf } from "./files.ts";
import type { ServableObject } from "./servable.ts";
import { formatDerivative, missingVariant, requireServable, servableObject } from "./servable.ts";

/**
 * Images of pages (contract/page-images.ts). The first who asks for one claims it by its row and announces it; all others
 * wait by the same row. A claim that nothing came of is good for another try after a while.
 */

/** Tells the processor what to draw. */
export type AnnouncePage = (job: PageJob) => Promise<void>;

/** From when on a page is asked for again: its message was lost, or it stands in a long line. */
const CLAIM_MS = 900_000;
/** Pages of one version that are on their way at most: who looks through it asks for the next ones when these are there. */
const MAX_ON_THEIR_WAY = 8;
/** From when on one that could not be drawn is tried again, if somebody asks. */
const FAILURE_MS = 600_000;

/**
 * As `servableObject`, and for a page's image too. Throws what it throws, and what `announce` throws.
 * @param announce undefined for whoever may see the pages that are there, and have none drawn
 */
export async function servableVariant(
  env: DatabaseBindings,
  announce: AnnouncePage | undefined,
  found: FileWithDetails,
  variant: Variant,
): Promise<ServableObject> {
  if (!isPageImage(variant)) return servableObject(found, variant);
  requireServable(found);
  requirePage(found, variant);
  return servablePage(env, announce, found, variant);
}

/** Throws `VARIANT_NOT_FOUND` for a page that the file can't have, as far as that is known. */
export function requirePage(found: FileWithDetails, name: PageImageName): void {
  const { version } = found;
  const { page } = parsePageImage(name);
  const kind = kindOf(typeOf(version.declaredType, version.sniffedType));
  if (kind === undefined || !KINDS_WITH_PAGES.has(kind)) {
    throw notFound("Files of this type have no pages that can be drawn.");
  }
  if (page > MAX_PAGE_IMAGES) throw notFound(`Only the first ${MAX_PAGE_IMAGES} pages are drawn.`);
  const pages = version.properties["pages"];
  if (typeof pages === "number" && page > pages) throw notFound(`The document has ${pages} pages.`);
}

async function servablePage(
  env: DatabaseBindings,
  announce: AnnouncePage | undefined,
  found: FileWithDetails,
  name: PageImageName,
): Promise<ServableObject> {
  const { tenantId } = found.version;
  const { image, missing } = await findPageImage(databaseFor(env, tenantId), found.version, name);
  if (image !== undefined && image.sizeBytes > 0) return formatDerivative(found, image);
  if (announce === undefined) throw notFound("This page has not been drawn.");
  const nowMs = Date.now();
  const isFinal = missing?.state === "none" || (missing?.atMs ?? 0) > nowMs - FAILURE_MS;
  if (missing !== undefined && isFinal) throw notFound(missing.reason);
  await haveDrawn(env, announce, pageJobOf(found, name), nowMs);
  throw new AppError("VARIANT_BEING_MADE", { headers: { "Retry-After": "1" } });
}

/** Announces the job if nobody has, and not too many are. What can't be announced is claimed by whoever asks next. */
async function haveDrawn(
  env: DatabaseBindings,
  announce: AnnouncePage,
  job: PageJob,
  nowMs: number,
): Promise<void> {
  const db = databaseFor(env, job.tenantId);
  const isFirst = await claimPageImage(db, job, job.name, {
    ...{ nowMs, againBeforeMs: nowMs - CLAIM_MS, max: MAX_ON_THEIR_WAY },
  });
  if (!isFirst) return;
  try {
    await announce(job);
  } catch (error) {
    await releasePageImage(db, job, job.name);
    throw error;
  }
}

/** Throws as a variant does that is being made or isn't there, where the document's PDF is that. */
function pageJobOf(found: FileWithDetails, name: PageImageName): PageJob {
  const whole = jobOf(found.version);
  if (whole === undefined) throw new AppError("FILE_NOT_READY");
  const { tenantId, fileId, version, objectKey, etag, sizeBytes } = whole;
  const job = { kind: "page", tenantId, fileId, version, objectKey, etag, sizeBytes, name } as const;
  const kind = kindOf(typeOf(found.version.declaredType, found.version.sniffedType));
  if (kind === "pdf") {
    requireReading(found);
    return job;
  }
  const preview = found.derivatives.find((made) => made.name === "preview");
  if (preview === undefined) throw missingVariant(found, "preview");
  if (preview.mimeType !== "application/pdf") throw notFound("The file is a text, which has no pages.");
  return { ...job, previewKey: preview.objectKey };
}

/** The first reading of a PDF tells its pages: until then none is drawn that there may not be. */
function requireReading(found: FileWithDetails): void {
  const isBeingRead = missingDerivativesOf(found).some(({ state }) => state === "making");
  if (found.version.properties["pages"] !== undefined || !isBeingRead) return;
  throw new AppError("VARIANT_BEING_MADE", { headers: { "Retry-After": "2" } });
}

function notFound(detail: string): AppError {
  return new AppError("VARIANT_NOT_FOUND", { detail });
}
