import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { BothScanners } from "../../processor/scan/both-scanners.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { FreshScanner } from "../../processor/scan/fresh-scanner.ts";
import type { Scanner } from "../../processor/scan/scanner.ts";
import { VirusTotalScanner } from "../../processor/scan/virustotal-scanner.ts";
import { startClamd } from "../support/clamd.ts";
import { eicar } from "../support/eicar.ts";
import { CLEAN_STATS, sha256Of, startVirusTotalDouble, VIRUSTOTAL_KEY } from "./support/virustotal-double.ts";

const NOTES = Buffer.from("minutes of the meeting\n".repeat(1_000));
const EMPTY = new Uint8Array();

interface Provider {
  readonly scanner: Scanner;
  /** Ends what it asks. */
  readonly stop: () => Promise<void>;
}

async function startClamdProvider(): Promise<Provider> {
  const clamd = await startClamd();
  onTestFinished(() => clamd.stop());
  const rule = { maxAgeDays: 7, allowUndated: true };
  return { scanner: new FreshScanner(new ClamdScanner(clamd), rule), stop: () => clamd.kill() };
}

async function startVirusTotalProvider(): Promise<Provider> {
  const double = await startVirusTotalDouble();
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await double.stop();
  };
  onTestFinished(stop);
  for (const clean of [NOTES, EMPTY]) double.known.set(sha256Of(clean), { stats: CLEAN_STATS });
  double.known.set(sha256Of(eicar()), { stats: { ...CLEAN_STATS, malicious: 60 } });
  const options = { baseUrl: double.baseUrl, apiKey: VIRUSTOTAL_KEY, requestsPerMinute: 1_000 };
  return { scanner: new VirusTotalScanner({ ...options, pollMs: 1, maxAgeDays: 7 }), stop };
}

async function startBoth(): Promise<Provider> {
  const [first, second] = [await startClamdProvider(), await startVirusTotalProvider()];
  return { scanner: new BothScanners(first.scanner, second.scanner), stop: second.stop };
}

/** What every scanner has to keep to. */
describe.each([
  { name: "clamd", start: startClamdProvider },
  { name: "VirusTotal", start: startVirusTotalProvider },
  { name: "both", start: startBoth },
])("$name", ({ start }) => {
  let provider: Provider;

  beforeEach(async () => {
    provider = await start();
  });

  async function scan(bytes: Uint8Array, sizeBytes = bytes.byteLength, signal = AbortSignal.timeout(10_000)) {
    const opened = provider.scanner.open(sizeBytes, signal);
    try {
      for (let at = 0; at < bytes.byteLength; at += 1_000) await opened.write(bytes.subarray(at, at + 1_000));
      return await opened.finish();
    } finally {
      opened.close();
    }
  }

  test("calls clean what is", async () => {
    expect(await scan(NOTES)).toEqual({ verdict: "clean", signatureName: null });
    expect(await scan(EMPTY)).toEqual({ verdict: "clean", signatureName: null });
  });

  test("finds the test file, and names it", async () => {
    expect(await scan(eicar())).toMatchObject({
      verdict: "infected",
      signatureName: expect.stringMatching(/^[\x20-\x7e]+$/),
    });
    expect(await provider.scanner.findsTestFile()).toBe(true);
  });

  test("has no verdict on another number of bytes than it was to get", async () => {
    await expect(scan(NOTES, NOTES.byteLength + 1)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("says who it is, and when its signatures are from", async () => {
    const version = await provider.scanner.version();
    expect(version.engine).toMatch(/^(?:ClamAV|VirusTotal) ./);
    expect(version.signatureVersion).not.toBe("");
  });

  test("has no verdict once its time is over", async () => {
    await expect(scan(NOTES, NOTES.byteLength, AbortSignal.abort())).rejects.toThrow();
  });

  test("has no verdict when it is away", async () => {
    await provider.stop();
    await expect(scan(NOTES)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    await expect(provider.scanner.version()).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    await expect(provider.scanner.findsTestFile()).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });
});
