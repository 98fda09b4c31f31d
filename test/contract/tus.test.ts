import { expect, test } from "vitest";
import type { AppError } from "#contract/errors.ts";
import { parseHeaderInteger, parseUploadMetadata } from "#contract/tus.ts";

test.each([
  ["0", 0],
  ["1", 1],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["9007199254740992", undefined],
  ["-1", undefined],
  ["-0", undefined],
  ["01", undefined],
  ["1.0", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["12abc", undefined],
  [" 1", undefined],
  ["", undefined],
  ["Infinity", undefined],
])("integer %j", (text, expected) => {
  expect(parseHeaderInteger(text)).toBe(expected);
});

test.each([
  ["", {}],
  ["filename YS50eHQ=", { filename: "a.txt" }],
  ["filename YS50eHQ=,flag", { filename: "a.txt", flag: "" }],
  ["filename YS50eHQ=,flag ", { filename: "a.txt", flag: "" }],
  ["filename YS50eHQ=, other Yg==", { filename: "a.txt", other: "b" }],
  ["filename w5xidW5n", { filename: "Übung" }],
])("metadata %j", (header, expected) => {
  expect(Object.fromEntries(parseUploadMetadata(header))).toEqual(expected);
});

test.each([
  ["an empty key", "filename YS50eHQ=,,"],
  ["a key alone in spaces", " "],
  ["a key twice", "a Yg==,a Yg=="],
  ["two values", "a Yg== Yg=="],
  ["no base64", "a b_b="],
  ["base64 without its padding", "a Yg"],
  ["bytes that aren't UTF-8", "a /w=="],
  ["a key outside of ASCII", "ä Yg=="],
  ["too much", `a ${"YWFh".repeat(3000)}`],
])("metadata with %s is refused", (_what, header) => {
  expect(() => parseUploadMetadata(header)).toThrow(
    expect.objectContaining({ code: "UPLOAD_METADATA_INVALID" }) as AppError,
  );
});
