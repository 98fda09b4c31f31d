import { type Access, fileIdOf, type UploadContext } from "./context.ts";
import { discardUpload } from "./discard.ts";
import { ApiError, localProblem } from "./problem.ts";
import type { ResumePoint } from "./resume-store.ts";
import type { UnfinishedUpload } from "./types.ts";

type Session = Extract<Access, { kind: "session" }>;

async function discard(point: ResumePoint, context: UploadContext, { tokens }: Session): Promise<void> {
  const claim = new AbortController();
  try {
    // Whoever sends it now would begin it again.
    const isFree = await context.claims.hold(point.fingerprint, claim.signal, () => claim.abort());
    if (!isFree) throw new ApiError(localProblem("UPLOAD_ELSEWHERE"));
    await context.store.remove(point.url);
    await discardUpload(point.url, { ...context, tokens });
  } finally {
    claim.abort();
  }
}

function describe(point: ResumePoint, context: UploadContext, access: Session): UnfinishedUpload {
  const { filename, sizeBytes, startedAtMs, meta } = point;
  return {
    id: fileIdOf(point.url),
    filename,
    sizeBytes,
    startedAtMs,
    entityType: meta.entityType,
    entityId: meta.entityId,
    discard: () => discard(point, context, access),
  };
}

/** Uploads of this user's earlier visits, but for those with an id in `own` and what any tab sends now. */
export async function findPreviousUploads(
  context: UploadContext,
  own: ReadonlySet<string | undefined>,
): Promise<readonly UnfinishedUpload[]> {
  const { access, store, claims } = context;
  // Grants don't outlive their page.
  if (access.kind === "grants") return [];
  const [points, held] = await Promise.all([store.list(), claims.held()]);
  return points
    .filter((point) => !held.has(point.fingerprint) && !own.has(fileIdOf(point.url)))
    .map((point) => describe(point, context, access));
}
