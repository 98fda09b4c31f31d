import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkContent } from "../../../worker/services/content-type.ts";
import {
  HEAD_BYTES,
  bytesOf,
  padded,
  utf8,
  zipOf,
  EXE,
  PNG,
  PDF,
  HTML,
  TEXT,
  UNKNOWN,
  EXAMPLES,
} from "./content-samples.ts";
import { ALLOWED_TYPES, refusal, TEXT_TYPES } from "./support/declared-types.ts";

const MARKUP_TYPES = ["application/xml", "text/xml", "image/svg+xml"];
const UNSIGNED_TYPES = ["video/mpeg", "audio/mpeg", "audio/aac", "application/x-tar"];
/** What Windows with Excel calls a CSV. */
const CSV_TOO = ["application/vnd.ms-excel"];
const SIGNED_TYPES = ALLOWED_TYPES.filter(
  (type) => ![...TEXT_TYPES, ...MARKUP_TYPES, ...UNSIGNED_TYPES].includes(type),
);

test("there is an example of every allowed type", () => {
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(ALLOWED_TYPES.toSorted());
});

describe.each(ALLOWED_TYPES)("%s", (type) => {
  const examples = EXAMPLES[type] ?? [];

  test("is accepted as what it may be, whole and as a head", async () => {
    for (const [index, example] of examples.entries()) {
      expect(await checkContent(example, type, true), `example ${index}`).toBeUndefined();
      const filler = TEXT_TYPES.includes(type) || MARKUP_TYPES.includes(type) ? 0x20 : 0;
      expect(await checkContent(padded(example, filler), type, false), `head ${index}`).toBeUndefined();
    }
  });

  test("may be empty", async () => {
    expect(await checkContent(new Uint8Array(), type, true)).toBeUndefined();
  });

  test("may not be a program", async () => {
    expect(await checkContent(EXE, type, false)).toBe(refusal(type, "application/x-msdownload"));
    expect(await checkContent(EXE.subarray(0, 132), type, true)).toBe(
      refusal(type, "application/x-msdownload"),
    );
  });

  test("never throws, whatever the bytes", async () => {
    const starts = [
      ...Object.values(EXAMPLES).flat(),
      EXE,
      bytesOf("\xEF\xBB\xBF"),
      bytesOf("\xFF\xFE"),
      bytesOf(""),
    ];
    const hostile = fc.tuple(
      fc.constantFrom(...starts),
      fc.nat(64),
      fc.uint8Array({ maxLength: HEAD_BYTES }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async ([start, kept, noise], isWhole) => {
        const head = bytesOf(start.subarray(0, kept), noise).subarray(0, HEAD_BYTES);
        expect(["undefined", "string"]).toContain(typeof (await checkContent(head, type, isWhole)));
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(SIGNED_TYPES)("%s has a signature", (type) => {
  test("that is needed", async () => {
    expect(await checkContent(padded(UNKNOWN), type, false)).toBe(refusal(type));
    for (const example of EXAMPLES[type] ?? []) {
      const spoiled = example.slice();
      // The first byte, or of a box the first of its name.
      const at = /^\0\0\0.[a-z]{4}/s.test(String.fromCharCode(...example.subarray(0, 8))) ? 4 : 0;
      spoiled[at] = 0xa5;
      expect(await checkContent(spoiled, type, true)).toMatch(/^The file says it is /);
    }
  });

  test("that a file's first bytes hold, but not its first byte", async () => {
    const signatureBytes = type === "image/bmp" ? 18 : 12;
    for (const example of EXAMPLES[type] ?? []) {
      expect(await checkContent(example.subarray(0, signatureBytes), type, true)).toBeUndefined();
      const refused = await checkContent(example.subarray(0, 1), type, true);
      expect(refused === undefined).toBe(CSV_TOO.includes(type));
    }
  });

  test("that no text has", async () => {
    expect(await checkContent(TEXT, type, true)).toBe(
      CSV_TOO.includes(type) ? undefined : refusal(type, "text/plain"),
    );
    expect(await checkContent(HTML, type, true)).toBe(refusal(type, "text/html"));
  });
});

// What a tenant was allowed beside the usual types: whatever isn't recognised as something else.
test.each<readonly [string, string, Uint8Array, string | undefined]>([
  ["model/step", "text", utf8("ISO-10303-21;"), undefined],
  ["model/step", "bytes", bytesOf("\x01\x02\x03\xFF\0\0\0"), undefined],
  ["model/step", "a PDF", bytesOf(PDF), "application/pdf"],
  ["model/step", "a zip", zipOf(["a.txt", "x"]), "application/zip"],
  ["model/step", "a page", HTML, "text/html"],
  ["model/step", "a script", utf8("#!/bin/sh\n"), "text/x-script"],
  ["image/vnd.adobe.photoshop", "one", bytesOf("8BPS\0\x01\0\0\0\0\0\0"), undefined],
  ["application/epub+zip", "a zip", zipOf(["mimetype", "application/epub+zip"]), undefined],
  ["application/epub+zip", "a PDF", bytesOf(PDF), "application/pdf"],
  ["application/x-thing+gzip", "gzip", bytesOf("\x1F\x8B\x08\0\0\0\0\0\0\x03"), undefined],
  ["application/gpx+xml", "XML", utf8('<?xml version="1.0"?><gpx/>'), undefined],
  ["application/gpx+xml", "a page", HTML, "text/html"],
  ["application/x-thing", "XML", utf8('<?xml version="1.0"?><gpx/>'), "application/xml"],
  ["text/yaml", "text that begins as a program does", utf8("MZ: Mozambique"), undefined],
  ["text/yaml", "bytes", bytesOf("a\0b"), "something else"],
])("%s of %s", async (type, _what, bytes, found) => {
  expect(await checkContent(bytes, type, true)).toBe(found === undefined ? undefined : refusal(type, found));
});

test("a type that isn't on the list is refused", async () => {
  expect(await checkContent(PNG, "image/x-icon", true)).toBe(refusal("image/x-icon", "image/png"));
});
