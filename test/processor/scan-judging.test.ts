import { describe, expect, test } from "vitest";
import { judgeScan, type ScanEvidence } from "../../processor/scan/verdict.ts";

describe("judging", () => {
  const clean: ScanEvidence = {
    reply: "stream: OK\0",
    terminatedBeforeReply: true,
    sentBytes: 4,
    expectedBytes: 4,
    endedCleanly: true,
  };

  test("all of it together is clean", () => {
    expect(judgeScan(clean)).toEqual({ verdict: "clean", signatureName: null });
  });

  test.each<Partial<ScanEvidence>>([
    { reply: "" },
    { reply: "stream: OK" },
    { reply: " stream: OK\0" },
    { terminatedBeforeReply: false },
    { sentBytes: 3 },
    { expectedBytes: 3 },
    { endedCleanly: false },
  ])("%o is nothing certain", (change) => {
    expect(judgeScan({ ...clean, ...change })).toBeUndefined();
  });

  test.each([
    ["Win.Test.EICAR_HDB-1", "infected"],
    ["Heuristics.Phishing.Email.SpoofedDomain", "infected"],
    ["Heuristics.Limits.Exceeded.MaxFileSize", "unscannable"],
    ["Heuristics.Encrypted.PDF", "unscannable"],
    ["Heuristics.LimitsOfTaste", "infected"],
  ])("%s is %s", (name, verdict) => {
    expect(judgeScan({ ...clean, reply: `stream: ${name} FOUND\0` })).toEqual({
      verdict,
      signatureName: name,
    });
  });
});
