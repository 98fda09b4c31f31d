import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { BothScanners } from "../../processor/scan/both-scanners.ts";
import { RequestPace } from "../../processor/scan/request-pace.ts";
import type { Scanner, ShareableObject } from "../../processor/scan/scanner.ts";
import type { ScanVerdict } from "../../processor/scan/verdict.ts";
import { VirusTotalScanner } from "../../processor/scan/virustotal-scanner.ts";
import {
  CLEAN_STATS,
  refusal,
  sha256Of,
  startVirusTotalDouble,
  VIRUSTOTAL_KEY,
  type VirusTotalDouble,
} from "./support/virustotal-double.ts";

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const FILE = Buffer.from("a letter");
const SHA256 = sha256Of(FILE);

let double: VirusTotalDouble;
let scanner: VirusTotalScanner;

beforeEach(async () => {
  double = await startVirusTotalDouble();
  onTestFinished(() => double.stop());
  scanner = createScanner();
});

function createScanner(apiKey = VIRUSTOTAL_KEY): VirusTotalScanner {
  const options = { baseUrl: double.baseUrl, apiKey, requestsPerMinute: 1_000 };
  return new VirusTotalScanner({ ...options, pollMs: 1, maxAgeDays: 7 });
}

const shareable = (bytes: Uint8Array): ShareableObject => ({
  read: async () =>
    (async function* () {
      yield bytes;
    })(),
});

async function scan(
  by: Scanner,
  { bytes = FILE, share = false, withinMs = 20_000 } = {},
): Promise<ScanVerdict> {
  const opened = by.open(
    bytes.byteLength,
    AbortSignal.timeout(withinMs),
    share ? shareable(bytes) : undefined,
  );
  await opened.write(bytes);
  return opened.finish();
}

describe("what VirusTotal knows by its hash", () => {
  test.each([
    { what: "nothing found by many", stats: CLEAN_STATS, verdict: "clean", name: null },
    {
      what: "one engine's find",
      stats: { ...CLEAN_STATS, malicious: 1 },
      verdict: "infected",
      name: "Ab: Troj",
    },
    {
      what: "a suspicion",
      stats: { ...CLEAN_STATS, suspicious: 1 },
      verdict: "unscannable",
      name: "VirusTotal.Suspicious",
    },
    {
      what: "nothing found by a few",
      stats: { ...CLEAN_STATS, undetected: 9 },
      verdict: "unscannable",
      name: "VirusTotal.TooFewEngines",
    },
    { what: "no word of any", stats: {}, verdict: "unscannable", name: "VirusTotal.TooFewEngines" },
  ])("$what: $verdict", async ({ stats, verdict, name }) => {
    const results = {
      Zz: { category: "undetected", result: null },
      Ab: { category: "malicious", result: "Troj" },
    };
    double.known.set(SHA256, { stats, results });
    expect(await scan(scanner)).toEqual({ verdict, signatureName: name });
    expect(double.requests).toEqual([`GET /files/${SHA256}`]);
  });

  test("long ago is looked at again, without sending it", async () => {
    double.known.set(SHA256, { stats: CLEAN_STATS, analysedAtMs: Date.now() - 8 * DAY_MS });
    double.analysis = { stats: { ...CLEAN_STATS, malicious: 3 }, looks: 0 };
    expect((await scan(scanner)).verdict).toBe("infected");
    expect(double.requests[1]).toBe(`POST /files/${SHA256}/analyse`);
    expect(double.uploads).toEqual([]);
  });
});

describe("what it doesn't know", () => {
  test("isn't sent without the tenant's consent, and isn't clean", async () => {
    expect(await scan(scanner)).toEqual({ verdict: "unscannable", signatureName: "VirusTotal.Unknown" });
    expect(double.uploads).toEqual([]);
  });

  test.each([
    { sizeBytes: 1, asked: "POST /files" },
    { sizeBytes: 32 * MIB, asked: "POST /files" },
    { sizeBytes: 32 * MIB + 1, asked: "GET /files/upload_url" },
  ])("is sent with it ($sizeBytes bytes), and waited for", async ({ sizeBytes, asked }) => {
    const bytes = Buffer.alloc(sizeBytes);
    double.analysis = { stats: CLEAN_STATS, looks: 2 };
    expect(await scan(scanner, { bytes, share: true })).toEqual({ verdict: "clean", signatureName: null });
    expect(double.uploads).toEqual([sha256Of(bytes)]);
    expect(double.requests[1]).toBe(asked);
    expect(double.requests.filter((request) => request.startsWith("GET /analyses/"))).toHaveLength(3);
  });

  test("and doesn't finish in time has no verdict", async () => {
    double.analysis = { stats: CLEAN_STATS, looks: Number.POSITIVE_INFINITY };
    await expect(scan(scanner, { share: true, withinMs: 300 })).rejects.toThrow();
  });

  test("and was told of other bytes has no verdict", async () => {
    double.analysis = { stats: CLEAN_STATS, looks: 0, sha256: sha256Of(Buffer.from("another")) };
    await expect(scan(scanner, { share: true })).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });
});

describe("an answer that", () => {
  const known = { last_analysis_stats: CLEAN_STATS };

  test.each([
    { what: "is an error", fault: refusal(503, "TransientError") },
    { what: "is no JSON", fault: { status: 200 } },
    { what: "has another form", fault: { status: 200, body: { data: [] } } },
    { what: "has no analysis yet", fault: { status: 200, body: { data: { attributes: {} } } } },
    { what: "doesn't say when", fault: { status: 200, body: { data: { attributes: known } } } },
    { what: "is a 404 of something else", fault: { status: 404, body: "not found" } },
    { what: "is cut off", fault: "cut" as const },
  ])("$what is no verdict", async ({ fault }) => {
    double.known.set(SHA256, { stats: CLEAN_STATS });
    double.faults.push(fault);
    await expect(scan(scanner)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("doesn't come is no verdict", async () => {
    double.faults.push("silent");
    await expect(scan(scanner, { withinMs: 200 })).rejects.toThrow();
  });

  test("says that the quota is used up has nothing asked until the next day", async () => {
    double.faults.push(refusal(429, "QuotaExceededError"));
    await expect(scan(scanner)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    await expect(scanner.version()).rejects.toMatchObject({
      detail: expect.stringMatching(/^VirusTotal's quota is used up, until .*T00:00:00/),
    });
    await expect(scan(scanner)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    expect(double.requests).toHaveLength(1);
  });

  test("refuses the key says so, without the key", async () => {
    const other = createScanner("another-key");
    await expect(scan(other)).rejects.toMatchObject({
      detail: "VirusTotal: answered 401 WrongCredentialsError",
    });
    await expect(other.version()).rejects.toThrow("refuses the key");
  });
});

describe("with a scanner before it", () => {
  const first = (found: ScanVerdict): Scanner => ({
    open: () => ({ write: async () => {}, finish: async () => found, close: () => {} }),
    version: () => scanner.version(),
    findsTestFile: async () => true,
  });
  const clean: ScanVerdict = { verdict: "clean", signatureName: null };

  test("it isn't asked about what is infected already", async () => {
    const infected: ScanVerdict = { verdict: "infected", signatureName: "X" };
    expect(await scan(new BothScanners(first(infected), scanner))).toEqual(infected);
    expect(double.requests).toEqual([]);
  });

  test("what it doesn't know is left to the first", async () => {
    expect(await scan(new BothScanners(first(clean), scanner))).toEqual(clean);
  });

  test("what it finds counts", async () => {
    double.known.set(SHA256, { stats: { ...CLEAN_STATS, malicious: 2 } });
    expect((await scan(new BothScanners(first(clean), scanner))).verdict).toBe("infected");
  });

  test("files wait for it", async () => {
    double.faults.push("cut");
    const both = new BothScanners(first(clean), scanner);
    await expect(scan(both)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });
});

test("no more is asked in a minute than may be", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const pace = new RequestPace(4);
  for (let request = 1; request <= 4; request++) await pace.enter(AbortSignal.timeout(1_000));
  await expect(pace.enter(AbortSignal.timeout(50))).rejects.toThrow();
  vi.setSystemTime(Date.now() + 60_000);
  await pace.enter(AbortSignal.timeout(1_000));
});
