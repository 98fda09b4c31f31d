import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ProcessorFailure } from "../failure.ts";
import { MemoryBudget } from "../memory-budget.ts";

/**
 * The room for scratch directories, which all jobs share: what is free where they are made. Who needs more than is left goes
 * back to the queue, before a file system that is full fails its neighbours. One alone may try in any case.
 */
export class ScratchRoom {
  readonly #budget: MemoryBudget;

  constructor(totalBytes: number) {
    this.#budget = new MemoryBudget(totalBytes);
  }

  /** As much as is free now. */
  static async measure(): Promise<ScratchRoom> {
    const { bavail, bsize } = await statfs(tmpdir());
    return new ScratchRoom(bavail * bsize);
  }

  /**
   * Does `work` with so much room. Throws SCRATCH_FULL, also where `work` found the file system full.
   * @param leftBytes what others are to have beside it: with less, it isn't begun
   */
  async within<T>(bytes: number, work: () => Promise<T>, leftBytes = 0): Promise<T> {
    const isLeft = leftBytes === 0 || bytes + leftBytes <= this.#budget.freeBytes;
    if (!isLeft || !this.#budget.take(work, bytes)) {
      this.#budget.renounce(work);
      throw new ProcessorFailure("SCRATCH_FULL");
    }
    try {
      return await work();
    } catch (cause) {
      throw isFull(cause) ? new ProcessorFailure("SCRATCH_FULL", { cause }) : cause;
    } finally {
      this.#budget.giveBack(bytes);
    }
  }
}

function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}
