import { describe, expect, onTestFinished, test } from "vitest";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { fetchClamdVersion } from "../../processor/scan/clamd.ts";
import { describeStaleness, FreshScanner, type FreshnessRule } from "../../processor/scan/fresh-scanner.ts";
import { ScannerMonitor } from "../../processor/scan/scanner-monitor.ts";
import { versionReply } from "./support/crashing-clamd.ts";
import { startEvilClamd } from "./support/evil-clamd.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2029, 0, 31);
const WEEK: FreshnessRule = { maxAgeDays: 7, allowUndated: false };

async function startAnswering(version: () => string) {
  const clamd = await startEvilClamd((socket) => {
    socket.on("data", (chunk) => {
      if (chunk.toString("latin1").startsWith("zVERSION")) socket.end(version());
      if (chunk.subarray(-4).equals(Buffer.alloc(4))) socket.end("stream: Eicar FOUND\0");
    });
  });
  onTestFinished(() => clamd.stop());
  return clamd;
}

describe("signatures", () => {
  test.each([
    { age: "new", signaturesAtMs: NOW_MS, rule: WEEK, stale: false },
    { age: "from tomorrow, in another time zone", signaturesAtMs: NOW_MS + DAY_MS, rule: WEEK, stale: false },
    { age: "a week old", signaturesAtMs: NOW_MS - 7 * DAY_MS, rule: WEEK, stale: false },
    { age: "a bit older", signaturesAtMs: NOW_MS - 7 * DAY_MS - 1, rule: WEEK, stale: true },
    { age: "undated", signaturesAtMs: null, rule: WEEK, stale: true },
    { age: "undated, as allowed", signaturesAtMs: null, rule: { ...WEEK, allowUndated: true }, stale: false },
    {
      age: "old where undated ones may be",
      signaturesAtMs: 0,
      rule: { ...WEEK, allowUndated: true },
      stale: true,
    },
  ])("that are $age are stale: $stale", ({ signaturesAtMs, rule, stale }) => {
    expect(describeStaleness({ signaturesAtMs }, rule, NOW_MS) !== undefined).toBe(stale);
  });

  test.each([
    { reply: "ClamAV 1.4.6/27500/Mon Jan  1 10:00:00 2029\0", atMs: Date.UTC(2029, 0, 1, 10) },
    { reply: "ClamAV 1.4.6/27500/Wed Jan 31 23:59:59 2029\0", atMs: Date.UTC(2029, 0, 31, 23, 59, 59) },
    { reply: "ClamAV 1.4.6/27500/Mon Foo  1 10:00:00 2029\0", atMs: null },
    { reply: "ClamAV 1.4.6/27500/yesterday\0", atMs: null },
    { reply: "ClamAV 1.4.6\0", atMs: null },
  ])("of $reply are from $atMs", async ({ reply, atMs }) => {
    const clamd = await startAnswering(() => reply);
    expect((await fetchClamdVersion(clamd)).signaturesAtMs).toBe(atMs);
  });
});

test("a scanner whose signatures are stale is down, says why, and is up when they are renewed", async () => {
  let ageDays = 9;
  const clamd = await startAnswering(() => versionReply(ageDays));
  const scanner = new FreshScanner(new ClamdScanner(clamd), WEEK);
  const monitor = new ScannerMonitor(scanner, () => undefined);
  await expect(scanner.version()).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  expect(await monitor.check()).toEqual({
    up: false,
    detail: "the virus signatures are 9 days old, 7 are allowed; update them (freshclam)",
    signatureVersion: null,
  });
  ageDays = 1;
  expect(await monitor.check()).toMatchObject({ up: true, detail: "ClamAV 1.4.6" });
  ageDays = 8;
  expect(await monitor.check()).toMatchObject({ up: false });
});
