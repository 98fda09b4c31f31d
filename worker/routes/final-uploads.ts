import { AppError } from "#contract/errors.ts";
import type { AppContext } from "../app-env.ts";
import { findFinalOf, forgetLateFinal } from "../services/final-uploads.ts";
import type { PartialSource } from "../uploads/state/upload-state.ts";
import type { TusCreation } from "../uploads/tus/tus-headers.ts";
import { MAX_PARTIALS } from "../uploads/tus/tus-headers.ts";
import { UploadClient } from "../uploads/upload-client.ts";
import type { UploadRef } from "./upload-objects.ts";

/** What a final upload (tus 1.0, Concatenation) is asked to be made of, or the one that was made of it already. */
export type Joining = { readonly sources: readonly PartialSource[] } | { readonly again: UploadRef };

/**
 * The partials of a final upload. An unknown one, an unfinished one and somebody else's are refused alike:
 * `UPLOAD_CONCAT_INVALID`. Where the same final upload of the same partials is there, or under way, it is that one: a
 * client that lost its answer asks again. Throws `SERVICE_UNAVAILABLE` where one of them can't be reached.
 */
export async function findPartials(
  c: AppContext,
  { partialIds, metadataHeader }: Pick<TusCreation, "partialIds" | "metadataHeader">,
): Promise<Joining> {
  if (partialIds.length > MAX_PARTIALS) {
    throw new AppError("UPLOAD_CONCAT_INVALID", {
      detail: `A final upload has ${MAX_PARTIALS} partials at most.`,
    });
  }
  const identity = c.get("identity");
  const { tenantId } = identity;
  const uploads = new UploadClient(c.env);
  const askAll = partialIds.map((fileId) => uploads.joinable({ tenantId, fileId, version: 1 }, identity));
  const [sources, final] = await Promise.all([Promise.all(askAll), findFinalOf(c.env, tenantId, partialIds)]);
  if (final !== undefined) {
    const { fileId, version } = final;
    const isAgain = uploads.isFinalOf({ tenantId, fileId, version }, identity, partialIds, metadataHeader);
    if (await isAgain) return { again: { fileId, version } };
    await forgetLateFinal(c.env, tenantId, final, (ref) => uploads.needsReservation(ref), Date.now());
  }
  return { sources: sources.map(requireSource) };
}

function requireSource(source: PartialSource | null): PartialSource {
  if (source !== null) return source;
  throw new AppError("UPLOAD_CONCAT_INVALID", {
    detail: "A partial upload isn't there, isn't complete, or is part of another final one.",
  });
}

export function sumOf(sources: readonly PartialSource[]): number {
  return sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
