import { AppError } from "#contract/errors.ts";
import type { Fence } from "./object-parts.ts";
import { STEP_ASIDE_MS } from "./times.ts";

interface Holder {
  readonly epoch: number;
  /** Asks the holder to keep what it has and to go: at once, or when it has what is on its way. */
  ask: (haste: Haste) => void;
  readonly released: Promise<void>;
  readonly release: () => void;
}

export type Haste = "at-once" | "when-idle";

/** A request's hold on the upload. */
export interface Hold {
  /** Throws `UPLOAD_SUPERSEDED` once a later request holds the upload. */
  readonly fence: Fence;
  /** Says how this holder is asked to leave; called at once if it was asked already. */
  onLeave(leave: (haste: Haste) => void): void;
  release(): void;
}

/**
 * One request at a time works on an upload, and the newest wins: it cuts the one before it, waits a bounded time for
 * that one to keep its bytes, and from then on whatever the old one tries to commit is refused by its epoch.
 */
export class WriterSlot {
  #epoch = 0;
  #holder: Holder | undefined;
  /** Holders that were asked to leave, and how. */
  readonly #leaving = new WeakMap<Holder, Haste>();

  async take(haste: Haste): Promise<Hold> {
    // Several may wait for one holder: whoever is first finds the slot free and takes it in the same step, and the
    // others ask that one to leave in its turn. So the last to come is the one that stays.
    for (let holder = this.#holder; holder !== undefined; holder = this.#holder) {
      this.#leaving.set(holder, haste);
      holder.ask(haste);
      if (!(await leavesInTime(holder)) && this.#holder === holder) this.#holder = undefined;
    }
    this.#epoch += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const holder: Holder = { epoch: this.#epoch, ask: () => {}, released: promise, release: resolve };
    this.#holder = holder;
    return this.#holdOf(holder);
  }

  #holdOf(holder: Holder): Hold {
    return {
      fence: () => {
        if (holder.epoch !== this.#epoch) throw new AppError("UPLOAD_SUPERSEDED");
      },
      onLeave: (leave) => {
        holder.ask = leave;
        const asked = this.#leaving.get(holder);
        if (asked !== undefined) leave(asked);
      },
      release: () => {
        holder.release();
        if (this.#holder === holder) this.#holder = undefined;
      },
    };
  }
}

async function leavesInTime(holder: Holder): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), STEP_ASIDE_MS);
  });
  try {
    return await Promise.race([holder.released.then(() => true as const), tooLate]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
