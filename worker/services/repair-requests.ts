import type { RepairJob } from "#contract/repairs.ts";
import type { ServableObject } from "./servable.ts";

/** For so long nobody is told again that an object is missing: its job is under way, or is tried again by the queue. */
const ASKED_FOR_MS = 600_000;
/** Some 200 bytes each. Of more, the oldest are forgotten and asked for again, which changes nothing. */
const MAX_REMEMBERED = 5_000;

/** Objects that an isolate has asked to be repaired, and when. */
export class RepairRequests {
  readonly #askedAtMs = new Map<string, number>();

  /**
   * Has an object that the primary lacks made again of its copy at a target: once, however many readers find it missing.
   * Nothing where it is no original: what is made of one isn't bound to a checksum. Throws `SERVICE_UNAVAILABLE`.
   */
  async request(
    send: (job: RepairJob) => Promise<void>,
    object: ServableObject,
    target: string,
    nowMs: number,
  ): Promise<void> {
    const job = repairJobOf(object, target);
    if (job === undefined || this.#isAskedFor(job, nowMs)) return;
    this.#remember(job.objectKey, nowMs);
    await send(job).catch((error: unknown) => {
      this.#askedAtMs.delete(job.objectKey);
      throw error;
    });
  }

  #isAskedFor({ objectKey }: RepairJob, nowMs: number): boolean {
    const askedAtMs = this.#askedAtMs.get(objectKey);
    return askedAtMs !== undefined && nowMs - askedAtMs < ASKED_FOR_MS;
  }

  #remember(objectKey: string, nowMs: number): void {
    // A map's first is the one that was put there first.
    this.#askedAtMs.delete(objectKey);
    this.#askedAtMs.set(objectKey, nowMs);
    for (const oldest of this.#askedAtMs.keys()) {
      if (this.#askedAtMs.size <= MAX_REMEMBERED) return;
      this.#askedAtMs.delete(oldest);
    }
  }
}

function repairJobOf(object: ServableObject, target: string): RepairJob | undefined {
  const { tenantId, fileId, version, objectKey, etag, sizeBytes, sha256, mimeType } = object;
  if (object.origin === "derived" || etag === null || sha256 === null) return undefined;
  return {
    ...{ kind: "repair", tenantId, fileId, version, objectKey, etag, sizeBytes, sha256 },
    ...{ contentType: mimeType, target },
  };
}
