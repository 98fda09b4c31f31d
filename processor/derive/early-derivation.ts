/**
 * A picture is drawn while the scanner reads it: both take half a second of a core, and whoever uploaded it waits for the
 * thumbnail. Nothing of it is stored or told of before there is a verdict, and only by that of "clean", with which the same is
 * wanted as was begun; else all of it is dropped, and done as if nothing had been begun.
 */
import { isDeepStrictEqual } from "node:util";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Standing } from "#contract/reports.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Derivatives } from "./derivatives.ts";
import { type Plan, planOf } from "./plan.ts";

/** So long it may keep a hand of its lane from others without a verdict. */
const MAX_AHEAD_MS = 10_000;

/** The derivation of one job, which may begin early. */
export class EarlyDerivation {
  readonly #derivatives: Pick<Derivatives, "begin">;
  readonly #job: ProcessJob;
  readonly #signal: AbortSignal;
  readonly #dropped = new AbortController();
  readonly #approval = Promise.withResolvers<void>();
  #plan: Plan | undefined;
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isApproved = false;
  #hasFailed = false;

  constructor(derivatives: Pick<Derivatives, "begin">, job: ProcessJob, signal: AbortSignal) {
    this.#derivatives = derivatives;
    this.#job = job;
    this.#signal = signal;
    // Nobody may have begun what waits for it.
    this.#approval.promise.catch(() => undefined);
  }

  /** Begins over what has no verdict yet, if there is a hand for it; once. */
  begin(standing: Standing): void {
    if (standing.state !== "quarantined") return;
    const signal = AbortSignal.any([this.#signal, this.#dropped.signal]);
    this.#plan = planOf(this.#job, standing);
    const early = { approval: this.#approval.promise, stepAside: () => this.#stepAside() };
    this.#work = this.#derivatives.begin(this.#job, this.#plan, early, signal);
    // After approval it is told by whoever finishes it.
    this.#work?.catch(() => {
      this.#hasFailed = true;
    });
    if (this.#work !== undefined) this.#timer = setTimeout(() => this.#end(), MAX_AHEAD_MS);
  }

  /**
   * Brings what was begun of what is clean now. False where nothing was, or something else, or it has failed (there was no room
   * for it then, say): it is dropped, and to be done as if nothing had been begun. So it is where there is no room even now,
   * since what begins early asks for twice of it.
   * Throws what `Derivatives.derive` does.
   */
  async finish(standing: Standing): Promise<boolean> {
    const isWanted = isDeepStrictEqual(planOf(this.#job, standing), this.#plan);
    if (this.#work === undefined || !isWanted || this.#hasFailed || this.#dropped.signal.aborted) {
      await this.drop();
      return false;
    }
    clearTimeout(this.#timer);
    this.#isApproved = true;
    this.#approval.resolve();
    try {
      await this.#work;
      return true;
    } catch (error) {
      if (error instanceof ProcessorFailure && error.code === "SCRATCH_FULL") return false;
      throw error;
    }
  }

  /** Ends what was begun and isn't finished, and waits for that. */
  async drop(): Promise<void> {
    this.#end();
    await this.#work?.catch(() => undefined);
  }

  /** Once it is known to be clean, it is work as any other. */
  #stepAside(): void {
    if (!this.#isApproved) this.#end();
  }

  #end(): void {
    clearTimeout(this.#timer);
    const reason = new Error("It isn't known to be clean.");
    this.#dropped.abort(reason);
    this.#approval.reject(reason);
  }
}
