import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ProcessorFailure } from "../failure.ts";
import type { Scan, Scanner, ScannerVersion, ShareableObject } from "./scanner.ts";
import { buildTestFile } from "./test-signature.ts";
import { type ScanVerdict, unscannable } from "./verdict.ts";
import { type Findings, VirusTotalClient, type VirusTotalOptions } from "./virustotal-client.ts";

export interface VirusTotalScannerOptions extends VirusTotalOptions {
  /** Between two looks at an analysis that isn't finished. Each costs a request. */
  readonly pollMs: number;
  /** What was found longer ago is looked at again. */
  readonly maxAgeDays: number;
}

/** The verdict on bytes that VirusTotal doesn't know, and mustn't be sent. */
export const UNKNOWN_SIGNATURE = "VirusTotal.Unknown";
/** The most it takes (https://docs.virustotal.com/reference/files-upload-url). */
const MAX_UPLOAD_BYTES = 650 * 1024 * 1024;
/** Fewer engines that have looked at a file say nothing of it. */
const MIN_ENGINES = 10;
const SELF_TEST_DEADLINE_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * VirusTotal: asked by hash first, which tells it nothing but the hash; sent the bytes only where the tenant has agreed,
 * since it shows what it gets to others. A public key is for private use only, by its terms.
 */
export class VirusTotalScanner implements Scanner {
  readonly #client: VirusTotalClient;
  readonly #options: VirusTotalScannerOptions;

  constructor(options: VirusTotalScannerOptions) {
    this.#client = new VirusTotalClient(options);
    this.#options = options;
  }

  open(sizeBytes: number, signal: AbortSignal, shareable?: ShareableObject): Scan {
    const hash = createHash("sha256");
    let takenBytes = 0;
    return {
      write: async (chunk) => {
        signal.throwIfAborted();
        takenBytes += chunk.byteLength;
        hash.update(chunk);
      },
      finish: async () => {
        if (takenBytes === sizeBytes) return this.#judge(hash.digest("hex"), sizeBytes, signal, shareable);
        throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: "these are not the object's bytes" });
      },
      close: () => undefined,
    };
  }

  /** Costs no request: throws only where it is known already that none would be answered. */
  async version(): Promise<ScannerVersion> {
    const { closure } = this.#client;
    if (closure !== undefined) throw new ProcessorFailure("SCANNER_UNAVAILABLE", { detail: closure });
    return { engine: "VirusTotal API v3", signatureVersion: "as of the scan", signaturesAtMs: Date.now() };
  }

  /** By its hash: every scanner there knows it. */
  async findsTestFile(): Promise<boolean> {
    const sha256 = createHash("sha256").update(buildTestFile()).digest("hex");
    const report = await this.#client.findReport(sha256, AbortSignal.timeout(SELF_TEST_DEADLINE_MS));
    return report !== undefined && report !== "unfinished" && judge(report).verdict === "infected";
  }

  async #judge(
    sha256: string,
    sizeBytes: number,
    signal: AbortSignal,
    shareable: ShareableObject | undefined,
  ): Promise<ScanVerdict> {
    const report = await this.#client.findReport(sha256, signal);
    if (report === "unfinished") {
      throw new ProcessorFailure("SCANNER_UNAVAILABLE", {
        detail: "VirusTotal has not finished with the file",
      });
    }
    if (report !== undefined) {
      // Malware stays malware; what nobody knew then may be known now.
      const verdict = judge(report);
      if (verdict.verdict === "infected" || !this.#isOld(report)) return verdict;
      return this.#follow(await this.#client.analyseAgain(sha256, signal), sha256, signal);
    }
    if (shareable === undefined || sizeBytes > MAX_UPLOAD_BYTES) return unscannable(UNKNOWN_SIGNATURE);
    return this.#follow(await this.#upload(shareable, sizeBytes, signal), sha256, signal);
  }

  #isOld({ analysedAtMs }: Findings): boolean {
    return Date.now() - analysedAtMs > this.#options.maxAgeDays * DAY_MS;
  }

  /** Looks until it is finished; the scan's deadline ends that, without a verdict. */
  async #follow(id: string, sha256: string, signal: AbortSignal): Promise<ScanVerdict> {
    for (;;) {
      const findings = await this.#client.findAnalysis(id, sha256, signal);
      if (findings !== undefined) return judge(findings);
      await sleep(this.#options.pollMs, undefined, { signal });
    }
  }

  /** By way of a file: the form that it takes has to tell its length, and a second reading may be needed. */
  async #upload(shareable: ShareableObject, sizeBytes: number, signal: AbortSignal): Promise<string> {
    const scratch = await mkdtemp(join(tmpdir(), "causeway-share-"));
    try {
      const body = await shareable.read(signal);
      if (body === undefined)
        throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "the object is gone" });
      const path = join(scratch, "file");
      await pipeline(body, createWriteStream(path), { signal });
      return await this.#client.upload(path, sizeBytes, signal);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}

/** One engine that finds something is enough; clean needs enough of them that have looked, and found nothing. */
function judge({ stats, name }: Findings): ScanVerdict {
  if (stats.malicious > 0) {
    return { verdict: "infected", signatureName: printable(name ?? `VirusTotal.${stats.malicious}.engines`) };
  }
  if (stats.suspicious > 0) return unscannable("VirusTotal.Suspicious");
  const engines = stats.harmless + stats.undetected;
  if (engines < MIN_ENGINES) return unscannable("VirusTotal.TooFewEngines");
  return { verdict: "clean", signatureName: null };
}

function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}
