/**
 * A file that the processor itself dies of (out of memory, by a fault in a library) would be delivered again until the queue
 * gives it up, and with each time whatever is beside it. So what was at work at a death is suspect: it is done with nothing
 * of its lane beside it, and with no other suspect in any lane. A neighbour comes to a good end then, and is no suspect
 * any more. What the processor has died of three times, at two of them alone, isn't tried again.
 */
import type { BegunWork } from "./begun-work.ts";
import { ProcessorFailure } from "./failure.ts";
import type { LaneName } from "./lanes.ts";
import { ScanGate } from "./scan/scan-gate.ts";

const MAX_DEATHS = 3;
/** For a suspect until it is alone, and for those behind it: the lease has no more to spare (config.ts). */
export const MAX_ALONE_WAIT_MS = 5_000;

/** The "signature" of what isn't tried any more. */
export const PROCESSOR_CRASHED = "Processor.Crashed";
export const CRASHED_SENTENCE = "The program that does it broke down over this file, three times.";

/** Does what may end the processor so that one that does stays alone, and ends. */
export class DeathGuard {
  readonly #begun: BegunWork;
  readonly #suspects = new ScanGate();
  readonly #gates = new Map<LaneName, ScanGate>();

  constructor(begun: BegunWork) {
    this.#begun = begun;
  }

  /** Whether it isn't to be tried again. */
  isGivenUp(name: string): boolean {
    return this.#begun.deathsOf(name) >= MAX_DEATHS;
  }

  /** Whether the processor died while it was at it: it is done alone. */
  isSuspect(name: string): boolean {
    return this.#begun.deathsOf(name) > 0;
  }

  /**
   * Does `work`, for which there is a hand in the lane. Throws LANE_FULL where a suspect, or what is beside it, is in the way
   * for too long, and what `signal` says while waiting.
   * @param name of what is done with which bytes
   * @param stepAside called when a suspect has to wait for this in its lane
   */
  async run<T>(
    name: string,
    lane: LaneName,
    work: () => Promise<T>,
    signal: AbortSignal,
    stepAside?: () => void,
  ): Promise<T> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new ProcessorFailure("LANE_FULL")), MAX_ALONE_WAIT_MS);
    const wait = AbortSignal.any([signal, late.signal]);
    const begin = async (): Promise<T> => {
      clearTimeout(timer);
      this.#begun.begin(name);
      try {
        return await work();
      } finally {
        this.#begun.end(name);
      }
    };
    const isSuspect = this.isSuspect(name);
    const inLane = () => this.#gateOf(lane).run(isSuspect, begin, wait, stepAside);
    try {
      return await (isSuspect ? this.#suspects.run(true, inLane, wait) : inLane());
    } finally {
      clearTimeout(timer);
    }
  }

  /** It came to a good end, or was given up: whoever asks for it again has it tried. */
  forget(name: string): void {
    this.#begun.forget(name);
  }

  #gateOf(lane: LaneName): ScanGate {
    const gate = this.#gates.get(lane) ?? new ScanGate();
    this.#gates.set(lane, gate);
    return gate;
  }
}
