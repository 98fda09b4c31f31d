import { type Access, fileIdOf, type UploadContext } from "./context.ts";
import { type PrefixDigest, proveBeginning } from "./digest.ts";
import { discardUpload } from "./discard.ts";
import { openHandle } from "./handles.ts";
import { whileNobodySends } from "./hold.ts";
import { ApiError, localProblem } from "./problem.ts";
import type { ResumePoint } from "./resume-store.ts";
import type { TransferOrigin } from "./transfer.ts";
import type { PreviousMatch, UnfinishedUpload, UploadMeta } from "./types.ts";
import type { Upload } from "./upload.ts";

/** Adds a file to the uploader's list. */
export type Add = (file: File, meta: UploadMeta, origin: TransferOrigin) => Upload;

type Session = Extract<Access, { kind: "session" }>;

interface PreviousOptions {
  readonly context: UploadContext;
  readonly add: Add;
  /** Ids of what is on the uploader's list. */
  readonly own: () => ReadonlySet<string | undefined>;
}

async function discard(point: ResumePoint, context: UploadContext, { tokens }: Session): Promise<void> {
  // Whoever sends it now would begin it again.
  const isFree = await whileNobodySends(context.claims, point.fingerprint, async () => {
    await context.store.remove(point.url);
    await discardUpload(point.url, { ...context, tokens });
  });
  if (!isFree) throw new ApiError(localProblem("UPLOAD_ELSEWHERE"));
}

/** Uploads of this user's earlier visits. */
export class PreviousUploads {
  readonly #context: UploadContext;
  readonly #add: Add;
  readonly #own: PreviousOptions["own"];

  constructor({ context, add, own }: PreviousOptions) {
    this.#context = context;
    this.#add = add;
    this.#own = own;
  }

  /** All but those on the uploader's list and what any tab sends now. */
  async list(): Promise<readonly UnfinishedUpload[]> {
    const { access } = this.#context;
    if (access.kind === "grants") return [];
    return (await this.#points()).map((point) => this.#describe(point, access));
  }

  /**
   * Those that the files continue, by their content; each is given to one file at most.
   * @param folder undefined: whatever folder they were sent of
   * @throws the signal's reason
   */
  async match(
    files: readonly File[],
    folder: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly PreviousMatch[]> {
    const { access } = this.#context;
    if (access.kind === "grants") return [];
    const isOfFolder = ({ meta }: ResumePoint) => folder === undefined || (meta.folder ?? "") === folder;
    const points = new Set((await this.#points()).filter(isOfFolder));
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

  async #points(): Promise<readonly ResumePoint[]> {
    const { store, claims } = this.#context;
    const [points, held] = await Promise.all([store.list(), claims.held()]);
    const own = this.#own();
    return points.filter((point) => !held.has(point.fingerprint) && !own.has(fileIdOf(point.url)));
  }

  #describe(
    point: ResumePoint,
    access: Session,
    matched?: { readonly file: File; readonly digest: PrefixDigest },
  ): UnfinishedUpload {
    const { filename, sizeBytes, arrivedBytes = 0, startedAtMs, meta, handle } = point;
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
      arrivedBytes,
      startedAtMs,
      entityType: meta.entityType,
      entityId: meta.entityId,
      canResume: handle !== undefined || matched !== undefined,
      resume,
      discard: async () => {
        if (this.#own().has(fileIdOf(point.url))) throw new ApiError(localProblem("UPLOAD_ELSEWHERE"));
        await discard(point, this.#context, access);
      },
    };
  }
}
