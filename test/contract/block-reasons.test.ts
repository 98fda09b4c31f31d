import { expect, test } from "vitest";
import { ACTIVE_CONTENT } from "#contract/active-content.ts";
import { blockReasonOf } from "#contract/block-reasons.ts";

const UNKNOWN = "The file could not be checked for viruses.";

test.each([
  ...[
    "Encrypted.Document",
    "Heuristics.Encrypted.Zip",
    "Heuristics.Limits.Exceeded",
    "Limits.StreamMaxLength",
  ],
  ...[
    "Zip.Limits.Ratio",
    "Gzip.Limits.Size",
    "Mail.LineEnds",
    "Type.ZipBehindMedia",
    "Zip.Directory.Missing",
    "Tar.Size",
    "Gzip.Cut",
    "SevenZip.Method",
  ],
  ...[
    "Type.NotAsDeclared",
    "Type.MacrosNotDeclared",
    "Digest.Mismatch",
    "Scanner.Crashed",
    "Processor.Crashed",
  ],
  ...["VirusTotal.Unknown", "VirusTotal.Suspicious", "VirusTotal.TooFewEngines", "ActiveContent.unknown"],
  ...ACTIVE_CONTENT.map((kind) => `ActiveContent.${kind}`),
])("%s has a sentence of its own, without its name", (signatureName) => {
  const reason = blockReasonOf({ verdict: "unscannable", signatureName });
  expect(reason).toMatch(/^[A-Z].*\.$/);
  expect(reason).not.toBe(UNKNOWN);
  expect(reason).not.toContain(signatureName);
});

test("what is clean needs none, malware is named, and what nobody knows is said so", () => {
  expect(blockReasonOf({ verdict: "clean", signatureName: null })).toBeNull();
  expect(blockReasonOf({ verdict: "infected", signatureName: "Eicar" })).toBe(
    "The file contains malware: Eicar.",
  );
  expect(blockReasonOf({ verdict: "infected", signatureName: null })).toBe("The file contains malware.");
  expect(blockReasonOf({ verdict: "unscannable", signatureName: null })).toBe(UNKNOWN);
});
