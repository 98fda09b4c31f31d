import type { ActiveContent, ActiveFindings } from "#contract/active-content.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Inspection } from "../inspect.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { unscannable } from "../scan/verdict.ts";
import { type ScratchCopy, withScratchCopy } from "../scratch-copy.ts";
import { type Findings, NOT_LOOKED_AT } from "./findings.ts";
import { type Kind, judgeDocument } from "./judge-document.ts";
import { lookIntoPdf } from "./pdf-document.ts";
import { endsAsZip, hasTwoEnds, isMedia, isPolyglot, ZIP_BEHIND_MEDIA, ZIP_END_BYTES } from "./polyglot.ts";
import { lookInSandbox } from "./sandboxed-look.ts";
import { isZipDocument } from "./types.ts";

const ZIP = "application/zip";
const COMPOUND = "application/x-cfb";
/** By what a file is said to be, or is by its beginning; the first that is so. */
const KINDS_BY_TYPE: readonly (readonly [string, Kind])[] = [
  ["application/pdf", "pdf"],
  ["image/svg+xml", "svg"],
  ["application/rtf", "rtf"],
  ["text/rtf", "rtf"],
  ["application/xml", "xml"],
  ["text/xml", "xml"],
];

/** What was found of a file whose bytes are clean. */
export interface Look {
  readonly inspection: Inspection;
  /** Absent where nobody asked for it, and of what isn't clean. */
  readonly active?: ActiveFindings;
}

/** Tells what documents really are and what is active in them, of what the scanner found nothing in. */
export class ContentLook {
  readonly #store: ObjectStore;
  readonly #sandbox: Sandbox;

  constructor(store: ObjectStore, sandbox: Sandbox) {
    this.#store = store;
    this.#sandbox = sandbox;
  }

  /**
   * Throws STORE_UNAVAILABLE, and what `signal` says. What can't be looked through is no fault: that not all of it was
   * looked at is told.
   * @param wantsActive whether it is worth looking for active content
   */
  async look(
    job: ProcessJob,
    inspection: Inspection,
    wantsActive: boolean,
    signal: AbortSignal,
  ): Promise<Look> {
    if (inspection.verdict !== "clean") return { inspection };
    if (await this.#hasZipBehindMedia(job, inspection, signal)) {
      return { inspection: { ...inspection, ...unscannable(ZIP_BEHIND_MEDIA) } };
    }
    const kind = kindOf(job, inspection);
    const isJudged = kind === "zip" || kind === "compound";
    const looksInside = kind !== undefined && (wantsActive || isJudged);
    const findings = looksInside ? await this.#lookInside(job, kind, signal) : NOTHING;
    const judged = judgeDocument(job, inspection, kind, findings);
    if (judged.verdict !== "clean" || !wantsActive) return { inspection: judged };
    const active: readonly ActiveContent[] = (await this.#isPolyglot(job, inspection, signal))
      ? [...findings.active, "polyglot"]
      : findings.active;
    return { inspection: judged, active: { found: [...active], isComplete: findings.isComplete } };
  }

  async #lookInside(job: ProcessJob, kind: Kind, signal: AbortSignal): Promise<Findings> {
    const sandbox = this.#sandbox;
    const lookInto = (copy: ScratchCopy): Promise<Findings> =>
      kind === "pdf"
        ? lookIntoPdf({ sandbox, scratch: copy.scratch, signal }, copy.path)
        : lookInSandbox(kind, copy, sandbox, signal);
    const parts = { store: this.#store, sandbox };
    // Only of a PDF something is written: its objects.
    const wish = kind === "pdf" ? {} : { toolBytes: 0 };
    const found = await withScratchCopy(parts, job, signal, lookInto, wish);
    return found ?? NOT_LOOKED_AT;
  }

  async #isPolyglot(
    job: ProcessJob,
    { sniffedType, head }: Inspection,
    signal: AbortSignal,
  ): Promise<boolean> {
    const type = sniffedType ?? job.declaredType;
    const mayBe = hasTwoEnds(type) || Buffer.from(head).includes("%PDF-");
    return mayBe && isPolyglot(type, head, await this.#readTail(job, signal));
  }

  /** Told by either of its types: a sound that begins with zeros has none by its beginning. */
  async #hasZipBehindMedia(
    job: ProcessJob,
    { sniffedType }: Inspection,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (job.sizeBytes === 0 || ![sniffedType ?? "", job.declaredType].some(isMedia)) return false;
    return endsAsZip(await this.#readTail(job, signal), false);
  }

  #readTail(job: ProcessJob, signal: AbortSignal): Promise<Buffer> {
    const length = Math.min(job.sizeBytes, 2 * ZIP_END_BYTES);
    return this.#store.readRange(job, { offset: job.sizeBytes - length, length }, signal);
  }
}

/** Whether a program has to read it: it starts one of its own, and takes a core for a while. */
export function isLookedInto(job: ProcessJob, inspection: Inspection): boolean {
  return inspection.verdict === "clean" && kindOf(job, inspection) !== undefined;
}

const NOTHING: Findings = { active: [], isComplete: true };

function kindOf(
  { declaredType, sizeBytes }: ProcessJob,
  { sniffedType, isZip }: Inspection,
): Kind | undefined {
  if (sizeBytes === 0) return undefined;
  if (isZip && (isZipDocument(declaredType) || sniffedType !== ZIP)) return "zip";
  if (sniffedType === COMPOUND) return "compound";
  const either = new Set([sniffedType, declaredType]);
  return KINDS_BY_TYPE.find(([type]) => either.has(type))?.[1];
}
