import { Appointments } from "./appointments.ts";
import type { LaneLimits } from "./lanes.ts";

/** Of an owner's work, so much waits in the line that its hands are busy until more has come from the queue. */
const LINE_SECONDS = 5;
/** Owners whose work is remembered when they have none: else it would be as many as ever had any. */
const MAX_REMEMBERED = 1_000;

/** Whose work it is where all is of one. */
export const COMMON = "";

interface Share {
  running: number;
  readonly appointments: Appointments;
}

/** What each owner has of a lane, and when those come again who have their share. */
export class LaneShares {
  readonly #limits: LaneLimits;
  readonly #shares = new Map<string, Share>();

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  runningOf(owner: string): number {
    return this.#shares.get(owner)?.running ?? 0;
  }

  /** Whether it has as many hands as one owner may. */
  isFull(owner: string): boolean {
    return this.runningOf(owner) >= this.#limits.concurrency;
  }

  begin(owner: string): void {
    this.#shareOf(owner).running += 1;
  }

  /** Notes that something has ended, and how long it took. */
  end(owner: string, seconds: number): void {
    const share = this.#shareOf(owner);
    share.running -= 1;
    this.#appointmentsOf(owner).note(seconds);
  }

  /** How much of an owner's work may wait in the line: half of it at most where others come. */
  maxWaiting(owner: string): number {
    const { concurrency, spare, waiting } = this.#limits;
    if (owner === COMMON) return waiting;
    if (spare === 0) return waiting / 2;
    const bridging = Math.ceil((LINE_SECONDS * concurrency) / this.#appointmentsOf(owner).workSeconds);
    return Math.min(Math.max(bridging, concurrency), waiting / 2);
  }

  /** In how many seconds one more of an owner's may come. */
  makeAppointment(owner: string): number {
    return this.#appointmentsOf(owner).make();
  }

  /** Where an owner may have all the hands, what one has of them the others lack: they are told to come one behind the other. */
  #appointmentsOf(owner: string): Appointments {
    return this.#shareOf(this.#limits.spare === 0 ? COMMON : owner).appointments;
  }

  #shareOf(owner: string): Share {
    const known = this.#shares.get(owner);
    if (known !== undefined) return known;
    this.#forgetOne();
    const { concurrency, guessSeconds } = this.#limits;
    const share = { running: 0, appointments: new Appointments(concurrency, guessSeconds) };
    this.#shares.set(owner, share);
    return share;
  }

  /** The one that has been known longest of those who have nothing running. */
  #forgetOne(): void {
    if (this.#shares.size < MAX_REMEMBERED) return;
    for (const [owner, { running }] of this.#shares) {
      if (running > 0) continue;
      this.#shares.delete(owner);
      return;
    }
  }
}
