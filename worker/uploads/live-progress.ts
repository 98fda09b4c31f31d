import type { FileVersionRef } from "#contract/ids.ts";
import type { Channel, LiveFact } from "#contract/live.ts";
import type { Publish } from "../services/live.ts";
import { factsFor } from "../services/live.ts";
import type { UploadState } from "./state/upload-state.ts";
import { refOf } from "./state/upload-state.ts";

/** Progress is told at most so often, … */
const INTERVAL_MS = 1_000;
/** … and where nobody listens, only to see whether anybody does by now. */
const UNHEARD_INTERVAL_MS = 15_000;

export interface LiveProgressOptions {
  readonly publish: Publish;
  /** Nobody waits for it. */
  readonly later: (work: Promise<void>) => void;
  readonly now: () => number;
}

/** Tells an upload's user, and whoever looks at what it is attached to, how it goes. Parts to be joined are no files yet. */
export class LiveProgress {
  readonly #options: LiveProgressOptions;
  #nextAtMs = 0;
  #toldBytes = 0;

  constructor(options: LiveProgressOptions) {
    this.#options = options;
  }

  /** One that was complete as it was made has been told to be finished. */
  begin(state: UploadState | undefined): void {
    if (state?.phase !== "receiving") return;
    this.#tell(state, [{ type: "upload.created", data: progressOf(state, 0) }, QUOTA_CHANGED]);
  }

  /** To be called when bytes have become durable, however often. */
  advance(state: UploadState | undefined, offsetBytes: number): void {
    const nowMs = this.#options.now();
    if (state?.phase !== "receiving" || offsetBytes === this.#toldBytes || nowMs < this.#nextAtMs) return;
    this.#toldBytes = offsetBytes;
    this.#nextAtMs = nowMs + INTERVAL_MS;
    this.#tell(state, [{ type: "upload.progress", data: progressOf(state, offsetBytes) }]);
  }

  /** It has become a file's version, which is to be checked; or nothing. */
  end(state: UploadState | undefined, type: "upload.finished" | "upload.ended"): void {
    if (state !== undefined) this.#tell(state, [{ type, data: versionOf(state) }, QUOTA_CHANGED]);
  }

  #tell(state: UploadState, facts: readonly LiveFact[]): void {
    if (state.kind !== "partial") this.#options.later(this.#tellAll(state, facts));
  }

  async #tellAll(state: UploadState, facts: readonly LiveFact[]): Promise<void> {
    const heard = await Promise.all(
      channelsOf(state).map((channel) =>
        this.#options.publish(state.tenantId, channel, factsFor(channel, facts)),
      ),
    );
    if (heard.every((isHeard) => !isHeard)) this.#nextAtMs = this.#options.now() + UNHEARD_INTERVAL_MS;
  }
}

const QUOTA_CHANGED = { type: "quota.changed", data: {} } as const;

function channelsOf({ ownerId: userId, entity }: UploadState): readonly Channel[] {
  const own = { kind: "user", userId } as const;
  return entity === undefined || entity === null ? [own] : [own, { kind: "entity", ...entity }];
}

function versionOf(state: UploadState): Pick<FileVersionRef, "fileId" | "version"> {
  const { fileId, version } = refOf(state);
  return { fileId, version };
}

function progressOf(state: UploadState, offsetBytes: number) {
  return { ...versionOf(state), offsetBytes, lengthBytes: state.lengthBytes };
}
