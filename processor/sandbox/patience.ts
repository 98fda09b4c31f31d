import { BoundedCounts } from "../bounded-counts.ts";
import { ProcessorFailure } from "../failure.ts";

/** What became of a tool for which the machine may be to blame as well as the file. */
export type DoubtfulEnd = "deadline" | "broken-off";

/** At which one the file is to blame. A deadline takes long to find out. */
const LAST_TRY: Readonly<Record<DoubtfulEnd, number>> = { deadline: 2, "broken-off": 3 };
const MAX_JOBS = 10_000;

/**
 * A busy machine makes tools slow, and a kernel without memory kills them: that says nothing about the file, and must not be
 * the last word about it. So the job is tried again, a few times. Kept in memory: after a restart it is tried once more.
 */
export class Patience {
  readonly #jobs = new Map<string, string>();
  readonly #ends = new BoundedCounts(MAX_JOBS);

  /**
   * Does the work of one job, whose tools run in `scratch`.
   * @param name of the bytes that it is about
   */
  async during<T>(name: string, scratch: string, work: () => Promise<T>): Promise<T> {
    this.#jobs.set(scratch, name);
    try {
      const result = await work();
      this.#ends.delete(name);
      return result;
    } finally {
      this.#jobs.delete(scratch);
    }
  }

  /** Throws TOOL_BROKEN_OFF where the job in `scratch` is worth another try. */
  note(scratch: string, end: DoubtfulEnd): void {
    const name = this.#jobs.get(scratch);
    if (name === undefined || this.#ends.add(name) >= LAST_TRY[end]) return;
    throw new ProcessorFailure("TOOL_BROKEN_OFF", { detail: `a tool's end: ${end}` });
  }
}
