/**
 * Every time for which the writing of an upload waits for somebody.
 *
 * **Takeover.** A request comes for an upload that another one is appending to. Whoever asks where the upload is has to be
 * answered within 1.5 s (R4), and the bytes that the other one has received are to be safe by then. From the moment that
 * it is asked to leave:
 *
 * | ms    | the one that leaves                                                                                |
 * |-------|----------------------------------------------------------------------------------------------------|
 * | 0     | is cut where the new one is to append just where it has got to ("at-once"), else …                 |
 * | 100   | … is cut when nothing has come for that long (`LEAVING_IDLE_MS`),                                  |
 * | 500   | and if bytes are still coming, now (`LEAVING_LIMIT_MS`).                                           |
 * | 600   | Waits no more for the store, nor for memory: what it has goes to the tail (`STORE_PATIENCE_MS`).   |
 * | 1,000 | Isn't waited for any longer: its epoch is over, and nothing of it counts (`STEP_ASIDE_MS`).        |
 *
 * Each is less than the next, so that every step has time for its work. One that comes to append elsewhere than where the
 * other has got to can't succeed while that one is at work, and lets it go on for up to `FINISHING_MS` before all this.
 */

/** A body that is to be left is read on until nothing comes for this long, … */
export const LEAVING_IDLE_MS = 100;
/** … and for this long in all. */
export const LEAVING_LIMIT_MS = 500;
/** How long an append that is to leave waits for the store and for memory. */
export const STORE_PATIENCE_MS = 600;
/** How long an append that is to leave may take to put what it has in safety. */
export const STEP_ASIDE_MS = 1_000;
/** How long an append at work may go on when another comes for an offset that it has passed. */
export const FINISHING_MS = 700;

/**
 * **Silence.** What is counted is ticks of one timer for a body, because a timer for each read would cost as much as the
 * reading. A client that sends nothing for two ticks, so for 0.75 to 1.5 s, gives its memory back: 64 such must not delay
 * a 65th by more than 2 s.
 */
export const TICK_MS = 750;
export const STALLED_TICKS = 2;
/** So many ticks, 15 s, don't end an upload yet whose time is up: it is being brought bytes, if slowly. */
export const QUIET_TICKS = 20;
/**
 * A client that sends nothing for this long is cut: while it is waited for, its object is awake, and billed. What came of
 * its body is kept.
 */
export const CLIENT_SILENCE_MS = 90_000;
/** How long a store may send nothing of an object that is copied before it is asked again, from the last part on. */
export const STORE_SILENCE_MS = 15_000;

/**
 * **Memory.** Longest wait for it: nobody is to wait for more than 2 s because of others. Fast clients give theirs back
 * much sooner; where many are slow, disk is fast enough.
 */
export const MEMORY_WAIT_MS = 1_500;
/** How long a part may be filling while others wait for its memory. */
export const SLOW_PART_MS = 1_000;
/**
 * How long memory is lent without a word of its holder, who may have been reset by the platform: longer than a part can be
 * on its way to the store, which is what a holder is silent for (10 s to begin a multipart upload and 60 s for a part,
 * twice: storage/r2.ts).
 */
export const LEASE_MS = 180_000;
/** How long it is lent to somebody in line who may not be there any more. */
export const PICK_UP_MS = 5_000;

/**
 * **The store.** How long it is waited for before the next part is begun: one that is quick is better not interleaved
 * with, which costs a tenth of the CPU; one that is slow isn't waited for.
 */
export const QUICK_STORE_MS = 40;
