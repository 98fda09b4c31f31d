import type { UploadPhase } from "../../../worker/uploads/state/phases.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";

/** The states of finalise, in their order. */
export const FINALISE_PHASES = ["copying", "storing", "recording", "announcing", "discarding"] as const;
export type FinalisePhase = (typeof FINALISE_PHASES)[number];

/** Where kills caught uploads, by what was durable then. */
export class Histogram {
  readonly #kills = new Map<UploadPhase, number>();
  readonly #uploads = new Map<UploadPhase, number>();
  /** An upload that waits for its alarm through several kills counts for the first: only then was it at work. */
  readonly #seen = new Set<string>();

  /** Takes in what is on disk after a kill. */
  note(uploads: readonly UploadState[]): void {
    const caught = uploads.filter((upload) => upload.kind !== "partial" && this.#isNew(upload));
    for (const phase of FINALISE_PHASES) {
      const count = caught.filter((upload) => upload.phase === phase).length;
      this.#uploads.set(phase, (this.#uploads.get(phase) ?? 0) + count);
      this.#kills.set(phase, (this.#kills.get(phase) ?? 0) + Math.min(count, 1));
    }
  }

  /** How many kills caught an upload in each state. */
  get kills(): readonly number[] {
    return FINALISE_PHASES.map((phase) => this.#kills.get(phase) ?? 0);
  }

  toString(): string {
    return FINALISE_PHASES.map((phase) => {
      const kills = this.#kills.get(phase) ?? 0;
      return `${phase.padEnd(10)} ${String(kills).padStart(3)} kills, ${this.#uploads.get(phase) ?? 0} uploads ${"#".repeat(kills)}`;
    }).join("\n");
  }

  #isNew({ fileId, phase }: UploadState): boolean {
    const name = `${fileId} ${phase}`;
    const isNew = !this.#seen.has(name);
    this.#seen.add(name);
    return isNew;
  }
}
