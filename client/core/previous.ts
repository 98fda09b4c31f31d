import { type Access, fileIdOf, type UploadContext } from "./context.ts";
import { type PrefixDigest, proveBeginning } from "./digest.ts";
import { discardUpload } from "./discard.ts";
import { openHandle } from "./handles.ts";
import { ApiError, localProblem } from "./problem.ts";
import type { ResumePoint } from "./resume-store.ts";
import type { TransferOrigin } from "./transfer.ts";
import type { PreviousMatch, UnfinishedUpload, UploadMeta } from "./types.ts";
import type { Upload } from "./upload.ts";

/** Adds a file to the uploader's list. */
export type Add = (file: File, meta: UploadMeta, origin: TransferOrigin) => Upload;

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

/** Uploads of this user's earlier visits. */
export class PreviousUploads {
  readonly #context: UploadContext;
  readonly #add: Add;

  constructor(context: UploadContext, add: Add) {
    this.#context = context;
    this.#add = add;
  }

  /** All but those with an id in `own` and what any tab sends now. */
  async list(own: ReadonlySet<string | undefined>): Promise<readonly UnfinishedUpload[]> {
    const { access } = this.#context;
    if (access.kind === "grants") return [];
    return (await this.#points(own)).map((point) => this.#describe(point, access));
  }

  /**
   * Those that the files continue, by their content; each is given to one file at most.
   * @throws the signal's reason
   */
  async match(
    files: readonly File[],
    own: ReadonlySet<string | undefined>,
    signal: AbortSignal,
  ): Promise<readonly PreviousMatch[]> {
    const { access } = this.#context;
    if (access.kind === "grants") return [];
    const points = new Set(await this.#points(own));
    const matches: PreviousMatch[] = [];
    for (const file of files) {
      const found = await this.#matchOf(file, points, signal);
      if (found === undefined) continue;
      points.delete(found.point);
      matches.push({ file, previous: this.#describe(found.point, access, { file, digest: found.digest }) });
    }
    return matches;
  }

  async #matchOf(file: File, points: ReadonlySet<ResumePoint>, signal: AbortSignal) {
    for (const point of points) {
      if (point.sizeBytes !== file.size) continue;
      const digest = await proveBeginning(file, point.covered, signal).catch(() => undefined);
      signal.throwIfAborted();
      if (digest !== undefined) return { point, digest };
    }
    return undefined;
  }

  async #points(own: ReadonlySet<string | undefined>): Promise<readonly ResumePoint[]> {
    const { store, claims } = this.#context;
    const [points, held] = await Promise.all([store.list(), claims.held()]);
    return points.filter((point) => !held.has(point.fingerprint) && !own.has(fileIdOf(point.url)));
  }

  #describe(
    point: ResumePoint,
    access: Session,
    matched?: { readonly file: File; readonly digest: PrefixDigest },
  ): UnfinishedUpload {
    const { filename, sizeBytes, startedAtMs, meta, handle } = point;
    const resume = async (picked = matched?.file) => {
      if (picked === undefined && handle === undefined) throw new ApiError(localProblem("FILE_NEEDED"));
      const file = picked ?? (await openHandle(handle as FileSystemFileHandle));
      const digest = file === matched?.file ? matched.digest : undefined;
      const upload = this.#add(file, meta, { point, digest });
      upload.start();
      return upload;
    };
    return {
      id: fileIdOf(point.url),
      filename,
      sizeBytes,
      startedAtMs,
      entityType: meta.entityType,
      entityId: meta.entityId,
      canResume: handle !== undefined || matched !== undefined,
      resume,
      discard: () => discard(point, this.#context, access),
    };
  }
}
