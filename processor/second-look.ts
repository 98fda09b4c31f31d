import type { ProcessJob } from "#contract/jobs.ts";
import { findSevenZipFault, SEVEN_ZIP_SCRATCH_BYTES, SEVEN_ZIP_TYPE } from "./archives/seven-zip.ts";
import { findZipFault } from "./archives/zip-directory.ts";
import { findZipExcess } from "./archives/zip-excess.ts";
import type { ReadRange } from "./archives/zip-fields.ts";
import type { Inspection } from "./inspect.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { unscannable } from "./scan/verdict.ts";
import { withScratchCopy } from "./scratch-copy.ts";

/** Types of what is a zip, whatever it begins with: others look for its directory at its end. */
const ZIP_TYPE =
  /^application\/(?:zip|x-zip-compressed|vnd\.(?:openxmlformats-officedocument|oasis)\..*|.*\+zip)$/;
/** A document under a password is no zip, whatever its type says ([MS-OFFCRYPTO] 1.3.3). */
const NO_ZIP = "application/x-cfb";

/**
 * What the scanner is not asked about, and what it isn't believed: it says OK to what it passes over. Archives that it
 * doesn't read as other tools do are unscannable. (Tars and gzips are looked at as they go by: inspect.ts.)
 */
export class SecondLook {
  readonly #store: ObjectStore;
  readonly #sandbox: Sandbox;

  constructor(store: ObjectStore, sandbox: Sandbox) {
    this.#store = store;
    this.#sandbox = sandbox;
  }

  /** Before the scan: the name of the limit that a file exceeds, so that it isn't worth the scanner's time. */
  async findExcess(job: ProcessJob, signal: AbortSignal): Promise<string | undefined> {
    if (job.sizeBytes === 0 || !ZIP_TYPE.test(job.declaredType)) return undefined;
    return findZipExcess(job.sizeBytes, this.#readerOf(job, signal));
  }

  /**
   * After it: what is clean stays so only if it is no archive, or one of which all was looked at. Undefined when it is gone or
   * has other bytes meanwhile.
   */
  async confirm(
    job: ProcessJob,
    inspection: Inspection,
    signal: AbortSignal,
  ): Promise<Inspection | undefined> {
    if (inspection.verdict !== "clean" || inspection.sizeBytes === 0) return inspection;
    const fault = await this.#findFault(job, inspection, signal);
    if (fault === "gone") return undefined;
    return fault === undefined ? inspection : { ...inspection, ...unscannable(fault) };
  }

  /** The name of what is wrong with it, or "gone". */
  async #findFault(
    job: ProcessJob,
    { sizeBytes, sniffedType, isZip }: Inspection,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const isNamedZip = ZIP_TYPE.test(job.declaredType) && sniffedType !== NO_ZIP;
    if (isZip || isNamedZip) return findZipFault(sizeBytes, this.#readerOf(job, signal));
    if (sniffedType !== SEVEN_ZIP_TYPE) return undefined;
    const look = await withScratchCopy(
      { store: this.#store, sandbox: this.#sandbox },
      job,
      signal,
      async (copy) => ({ fault: await findSevenZipFault(this.#sandbox, copy, sizeBytes, signal) }),
      { toolBytes: SEVEN_ZIP_SCRATCH_BYTES },
    );
    return look === undefined ? "gone" : look.fault;
  }

  /** Whether `confirm` has a program read it. */
  static needsProgram({ verdict, sniffedType }: Inspection): boolean {
    return verdict === "clean" && sniffedType === SEVEN_ZIP_TYPE;
  }

  #readerOf(job: ProcessJob, signal: AbortSignal): ReadRange {
    return (offset, length) => this.#store.readRange(job, { offset, length }, signal);
  }
}
