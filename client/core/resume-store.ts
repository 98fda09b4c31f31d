import type { PreviousUpload, UrlStorage } from "tus-js-client";
import type { Scope } from "./fingerprint.ts";

/** The server drops an unfinished upload at most six days after its creation (architecture §4, "Expiry"). */
const MAX_AGE_MS = 6 * 24 * 3600 * 1000;

/** What we keep with tus-js-client's entry to know it again. */
export interface ResumePoint extends PreviousUpload {
  readonly scope: Scope;
  readonly fingerprint: string;
}

function isResumePoint(entry: PreviousUpload): entry is ResumePoint {
  return (
    "scope" in entry && typeof entry.scope === "object" && "fingerprint" in entry && entry.uploadUrl !== null
  );
}

/** Resume points of one user, kept through tus-js-client's storage interface. */
export class ResumeStore {
  readonly #storage: UrlStorage;
  readonly #scope: Scope;

  constructor(storage: UrlStorage, scope: Scope) {
    this.#storage = storage;
    this.#scope = scope;
  }

  async find(fingerprint: string): Promise<ResumePoint | undefined> {
    return (await this.list()).find((point) => point.fingerprint === fingerprint);
  }

  /** This user's resume points, the newest first; those that the server has dropped by now are removed. */
  async list(nowMs = Date.now()): Promise<readonly ResumePoint[]> {
    const points = (await this.#storage.findAllUploads())
      .filter(isResumePoint)
      .filter((p) => this.#isOurs(p.scope));
    const isDead = (point: ResumePoint) => nowMs - Date.parse(point.creationTime) > MAX_AGE_MS;
    await Promise.all(points.filter(isDead).map((point) => this.remove(point)));
    return points
      .filter((point) => !isDead(point))
      .sort((a, b) => Date.parse(b.creationTime) - Date.parse(a.creationTime));
  }

  async remove(point: PreviousUpload): Promise<void> {
    if (point.urlStorageKey !== "") await this.#storage.removeUpload(point.urlStorageKey);
  }

  /**
   * The storage as tus-js-client sees it. A full or forbidden storage costs the resume after a reload, not the upload.
   * @param onChange the point that the running upload can go on from, or undefined when it is gone
   */
  forTus(onChange: (point: ResumePoint | undefined) => void): UrlStorage {
    return {
      findAllUploads: () => this.#storage.findAllUploads(),
      findUploadsByFingerprint: (fingerprint) => this.#storage.findUploadsByFingerprint(fingerprint),
      addUpload: async (fingerprint, upload) => {
        const point: ResumePoint = { ...upload, scope: this.#scope, fingerprint, urlStorageKey: "" };
        point.urlStorageKey = await this.#add(point);
        onChange(point);
        return point.urlStorageKey;
      },
      removeUpload: async (key) => {
        onChange(undefined);
        if (key !== "") await this.#storage.removeUpload(key);
      },
    };
  }

  async #add(point: ResumePoint): Promise<string> {
    try {
      return await this.#storage.addUpload(point.fingerprint, point);
    } catch {
      return "";
    }
  }

  #isOurs(scope: Scope): boolean {
    const { endpoint, tenantId, userId } = this.#scope;
    return scope.endpoint === endpoint && scope.tenantId === tenantId && scope.userId === userId;
  }
}
