import type { DerivativeName } from "#contract/derivatives.ts";
import { kindOf } from "#contract/derivatives.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Standing } from "#contract/reports.ts";
import { CRASHED_SENTENCE, type DeathGuard } from "../death-guard.ts";
import { ProcessorFailure } from "../failure.ts";
import type { Lanes, Waiting } from "../lanes.ts";
import type { ObjectStore } from "../object-store.ts";
import { nameBytes } from "../queue.ts";
import type { Reporter } from "../report.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { type ScratchCopy, withScratchCopy } from "../scratch-copy.ts";
import { withinDeriveTime } from "./deadline.ts";
import type { Deriver, Original, Product } from "./deriver.ts";
import { type Plan, planOf } from "./plan.ts";
import { failAll, NO_TOOL, NOT_ISOLATED } from "./products.ts";
import type { Publisher } from "./publisher.ts";
import type { Tools } from "./tools.ts";

export interface DerivativesParts {
  readonly store: ObjectStore;
  readonly reporter: Reporter;
  readonly derivers: readonly Deriver[];
  readonly lanes: Lanes;
  readonly deaths: DeathGuard;
  readonly tools: Tools;
  readonly sandbox: Pick<Sandbox, "mayRun" | "patience" | "room">;
  readonly publisher: Publisher;
}

/** What something begun early waits for, and how it gives way to what can't wait for that. */
export interface Early {
  readonly approval: Promise<void>;
  readonly stepAside: () => void;
}

/** Of work that is ahead of its verdict. */
interface Ahead {
  approve(): Promise<void>;
  readonly stepAside: () => void;
}

const UNREADABLE = "The file could not be read: it may be damaged.";
const TOO_LARGE = "The file is too large for this.";

/** Makes, stores and reports what there is to make of a clean version. */
export class Derivatives {
  readonly #parts: DerivativesParts;

  constructor(parts: DerivativesParts) {
    this.#parts = parts;
  }

  /**
   * What can't be made is reported with its reason, and the file stays what it is. Throws a ProcessorFailure where trying
   * again can help: LANE_FULL, SCRATCH_FULL, TOOL_INSTALLING, TOOL_BROKEN_OFF and those of the store and the worker.
   */
  async derive(
    job: ProcessJob,
    standing: Omit<Standing, "state" | "mustScan">,
    signal: AbortSignal,
  ): Promise<void> {
    const plan = planOf(job, standing);
    if (plan.wanted.length === 0) return;
    const deriver = this.#findDeriver(plan.type);
    const refusal = deriver === undefined ? NO_TOOL : this.#refusalOf(deriver, job);
    if (deriver === undefined || refusal !== undefined) {
      await this.#giveUp(job, plan.wanted, refusal ?? NO_TOOL, signal);
      return this.#parts.deaths.forget(deathNameOf(job));
    }
    const work = () => this.#makeGuarded(job, plan, deriver, signal);
    await this.#parts.lanes[deriver.lane].run(work, signal, job.tenantId);
  }

  /**
   * The same of one that isn't known to be clean, where that can begin at once; undefined where not. It is opened and drawn,
   * and nothing of it leaves its scratch directory before `approval` resolves. It takes no room that verdicts need, and steps
   * aside for a suspect. Throws what `derive` does.
   */
  begin(
    job: ProcessJob,
    plan: Plan,
    { approval, stepAside }: Early,
    signal: AbortSignal,
  ): Promise<void> | undefined {
    const deriver = this.#findDeriver(plan.type);
    const { sizeBytes } = job;
    if (plan.wanted.length === 0 || !deriver?.mayBeginEarly?.({ type: plan.type, sizeBytes }))
      return undefined;
    const isSuspect = [nameBytes(job), deathNameOf(job)].some((name) => this.#parts.deaths.isSuspect(name));
    if (isSuspect || this.#refusalOf(deriver, job) !== undefined) return undefined;
    const work = (waiting: Waiting) => {
      const ahead = { approve: () => waiting(approval), stepAside };
      return this.#makeGuarded(job, plan, deriver, signal, ahead);
    };
    return this.#parts.lanes[deriver.lane].runIfFree(work, job.tenantId);
  }

  /** With a hand of the deriver's lane. */
  async #makeGuarded(
    job: ProcessJob,
    plan: Plan,
    deriver: Deriver,
    signal: AbortSignal,
    ahead?: Ahead,
  ): Promise<void> {
    const { deaths } = this.#parts;
    const make = (deadline: AbortSignal) => this.#make(job, plan, deriver, deadline, ahead);
    const work = () => withinDeriveTime(signal, make);
    await deaths.run(deathNameOf(job), deriver.lane, work, signal, ahead?.stepAside);
    deaths.forget(deathNameOf(job));
  }

  #findDeriver(type: string): Deriver | undefined {
    const kind = kindOf(type);
    return kind && this.#parts.derivers.find(({ kinds }) => kinds.includes(kind));
  }

  /** Why a deriver can't be given this file, as far as that is known without looking at it. */
  #refusalOf({ needs, maxOriginalBytes }: Deriver, job: ProcessJob): string | undefined {
    const { sizeBytes } = job;
    if (this.#parts.deaths.isGivenUp(deathNameOf(job))) return CRASHED_SENTENCE;
    if (sizeBytes === 0) return "The file is empty.";
    if (sizeBytes > maxOriginalBytes) return TOO_LARGE;
    if (!this.#parts.sandbox.mayRun) return NOT_ISOLATED;
    const states = needs.map((name) => this.#parts.tools.stateOf(name));
    if (states.includes("missing")) return NO_TOOL;
    if (states.includes("installing")) throw new ProcessorFailure("TOOL_INSTALLING");
    return undefined;
  }

  async #make(
    job: ProcessJob,
    { type, wishes, wanted }: Plan,
    deriver: Deriver,
    signal: AbortSignal,
    ahead?: Ahead,
  ): Promise<void> {
    const work = async ({ scratch, path }: ScratchCopy) => {
      const left = new Set(wanted);
      const original: Original = { type, sizeBytes: job.sizeBytes, path, scratch, wishes };
      for await (const product of deriver.make(original, new Set(wanted), signal)) {
        await ahead?.approve();
        if (product.result !== "properties") left.delete(product.name);
        await this.#bring(job, product, signal);
      }
      await ahead?.approve();
      await this.#giveUp(job, [...left], UNREADABLE, signal);
    };
    await withScratchCopy(this.#parts, job, signal, work, { isEarly: ahead !== undefined });
  }

  async #bring(job: ProcessJob, product: Product, signal: AbortSignal): Promise<void> {
    if (product.result === "made") return this.#parts.publisher.publish(job, product, signal);
    if (product.result !== "properties") return this.#parts.publisher.reportMissing(job, product, signal);
    const { tenantId, fileId, version } = job;
    const { properties } = product;
    await this.#parts.reporter.send({ kind: "properties", tenantId, fileId, version, properties }, signal);
  }

  async #giveUp(
    job: ProcessJob,
    names: readonly DerivativeName[],
    reason: string,
    signal: AbortSignal,
  ): Promise<void> {
    for (const product of failAll(names, reason)) await this.#bring(job, product, signal);
  }
}

/** Of what is done with a file after its scan. */
function deathNameOf(job: ProcessJob): string {
  return `${nameBytes(job)} derivatives`;
}
