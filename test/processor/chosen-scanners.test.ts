import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { NO_WISHES, type Wishes } from "#contract/wishes.ts";
import { parseConfig } from "../../processor/config.ts";
import type { JobOutcome, PipelineParts } from "../../processor/pipeline.ts";
import { processJob } from "../../processor/pipeline.ts";
import { createScanners } from "../../processor/scan/create-scanner.ts";
import { ScannerChoice } from "../../processor/scan/scanner-choice.ts";
import { VirusTotalScanner } from "../../processor/scan/virustotal-scanner.ts";
import { eicar } from "../support/eicar.ts";
import { storeUpload } from "./support/jobs.ts";
import { never, usePipeline } from "./support/pipeline.ts";
import { PROCESSOR_ENV } from "./support/processor-env.ts";
import type { VirusTotalDouble } from "./support/virustotal-double.ts";
import { CLEAN_STATS, sha256Of, startVirusTotalDouble, VIRUSTOTAL_KEY } from "./support/virustotal-double.ts";

const NOTES = Buffer.from("minutes of the meeting");
const pipeline = usePipeline();

/** What `bytes` come to by the wishes of their tenant. */
async function outcomeOf(
  bytes: Uint8Array,
  wishes: Partial<Wishes>,
  parts: PipelineParts,
): Promise<JobOutcome> {
  pipeline.worker.standing.wishes = { ...NO_WISHES, ...wishes };
  return processJob(await storeUpload(pipeline.bucket, bytes), parts, never);
}

describe("a tenant that has chosen VirusTotal", () => {
  let double: VirusTotalDouble;
  let parts: PipelineParts;

  beforeEach(async () => {
    double = await startVirusTotalDouble();
    onTestFinished(() => double.stop());
    const options = { baseUrl: double.baseUrl, apiKey: VIRUSTOTAL_KEY, requestsPerMinute: 1_000 };
    const virustotal = new VirusTotalScanner({ ...options, pollMs: 1, maxAgeDays: 7 });
    const { usual } = pipeline.parts.scanners;
    const scanners = new ScannerChoice({ clamav: usual, virustotal }, usual);
    parts = { ...pipeline.parts, scanners };
  });

  test("is told by it, and nobody else's files are", async () => {
    double.known.set(sha256Of(NOTES), { stats: CLEAN_STATS });
    expect(await outcomeOf(NOTES, { virusScanProvider: "virustotal" }, parts)).toBe("clean");
    expect(double.requests).toHaveLength(1);
    expect(await outcomeOf(eicar(), { virusScanProvider: "clamav" }, parts)).toBe("infected");
    expect(await outcomeOf(eicar(), {}, parts)).toBe("infected");
    expect(double.requests).toHaveLength(1);
    const engines = pipeline.worker.verdicts().map(({ engine }) => engine.split(" ")[0]);
    expect(engines).toEqual(["VirusTotal", "ClamAV", "ClamAV"]);
  });

  test("has no bytes sent there before it has agreed to that", async () => {
    const wishes = { virusScanProvider: "virustotal" } as const;
    expect(await outcomeOf(NOTES, wishes, parts)).toBe("unscannable");
    expect([double.requests.length, double.uploads]).toEqual([1, []]);
    expect(await outcomeOf(NOTES, { ...wishes, virusTotalUploads: true }, parts)).toBe("clean");
    expect(double.uploads).toEqual([sha256Of(NOTES)]);
  });

  test("waits for it while it is away, whatever the usual one would say", async () => {
    const wishes = { virusScanProvider: "virustotal" } as const;
    double.faults.push({ status: 429, body: { error: { code: "QuotaExceededError" } } });
    await expect(outcomeOf(NOTES, wishes, parts)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    await expect(outcomeOf(NOTES, wishes, parts)).rejects.toMatchObject({
      code: "CHOSEN_SCANNER_UNAVAILABLE",
    });
    expect(pipeline.worker.reports).toEqual([]);
  });

  test("waits for people where it isn't set up", async () => {
    for (const virusScanProvider of ["virustotal", "both"] as const) {
      const processing = outcomeOf(NOTES, { virusScanProvider }, pipeline.parts);
      await expect(processing).rejects.toMatchObject({ code: "SCANNER_NOT_CONFIGURED" });
    }
    expect(pipeline.worker.reports).toEqual([]);
  });
});

describe("what tenants may choose", () => {
  const KEY = { VIRUSTOTAL_API_KEY: VIRUSTOTAL_KEY };

  test.each([
    [{}, ["clamav"], "clamav"],
    [{ VIRUS_SCAN_PROVIDER: "clamav", ...KEY }, ["clamav", "virustotal", "both"], "clamav"],
    [{ VIRUS_SCAN_PROVIDER: "both", ...KEY }, ["clamav", "virustotal", "both"], "both"],
    [{ VIRUS_SCAN_PROVIDER: "virustotal", ...KEY }, ["virustotal"], "virustotal"],
  ])("where the deployment has %o: %j", (env, there, usual) => {
    const parsed = parseConfig({ ...PROCESSOR_ENV, ...env });
    if (!parsed.ok) throw new Error(parsed.problems.join());
    const { scanners } = createScanners(parsed.config);
    const found = (["clamav", "virustotal", "both"] as const).filter((name) => {
      try {
        return scanners.find(name);
      } catch {
        return false;
      }
    });
    expect(found).toEqual(there);
    expect(scanners.find(null)).toBe(scanners.find(usual as "clamav"));
  });
});
