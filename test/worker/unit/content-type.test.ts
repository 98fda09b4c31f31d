import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedTypes } from "../../../worker/contract/file-types.ts";
import { checkContent } from "../../../worker/services/content-type.ts";
import {
  HEAD_BYTES,
  bytesOf,
  padded,
  utf8,
  utf16,
  utf32,
  zipOf,
  cfbOf,
  tarOf,
  isoOf,
  EXE,
  JPEG,
  PNG,
  PDF,
  RTF,
  CFB,
  ZIP,
  OOXML,
  MKV,
  AVI,
  WAV,
  OGG,
  GZIP,
  SEVEN_ZIP,
  MP4,
  SVG,
  HTML,
  TEXT,
  UNKNOWN,
  EXAMPLES,
} from "./content-samples.ts";

const TEXT_TYPES = [
  "text/plain",
  "text/csv",
  "text/tab-separated-values",
  "text/markdown",
  "text/calendar",
  "text/vcard",
  "message/rfc822",
  "application/json",
];
const MARKUP_TYPES = ["application/xml", "text/xml", "image/svg+xml"];
const UNSIGNED_TYPES = ["video/mpeg", "audio/mpeg", "audio/aac", "application/x-tar"];
/** What Windows with Excel calls a CSV. */
const CSV_TOO = ["application/vnd.ms-excel"];
const ALLOWED_TYPES = acceptedTypes().map(({ mimeType }) => mimeType);
const SIGNED_TYPES = ALLOWED_TYPES.filter(
  (type) => ![...TEXT_TYPES, ...MARKUP_TYPES, ...UNSIGNED_TYPES].includes(type),
);

function refusal(declaredType: string, found = "something else"): string {
  return `The file says it is ${declaredType}, but its content is ${found}.`;
}

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

const PROGRAMS: readonly (readonly [string, Uint8Array])[] = [
  ["application/x-elf", bytesOf("\x7FELF\x02\x01\x01\0")],
  ["application/x-mach-binary", bytesOf("\xCF\xFA\xED\xFE\x07\0\0\x01")],
  ["application/java-vm", bytesOf("\xCA\xFE\xBA\xBE\0\0\0\x41")],
  ["application/vnd.android.dex", bytesOf("dex\n035\0")],
  ["application/wasm", bytesOf("\0asm\x01\0\0\0")],
  ["application/x-ms-shortcut", bytesOf("L\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0F")],
  ["application/vnd.ms-htmlhelp", bytesOf("ITSF\x03\0\0\0")],
  ["application/x-google-chrome-extension", bytesOf("Cr24\x03\0\0\0")],
  ["application/x-msi", cfbOf("\x84\x10\x0C\0\0\0\0\0\xC0\0\0\0\0\0\0F")],
  ["application/x-msi", cfbOf("\x86\x10\x0C\0\0\0\0\0\xC0\0\0\0\0\0\0F")],
  // With a transaction's number, which is behind the root's sector.
  ["application/x-msi", cfbOf("\x84\x10\x0C\0\0\0\0\0\xC0\0\0\0\0\0\0F").with(52, 1)],
  ["application/vnd.android.package-archive", zipOf(["res/a.xml", ""], ["AndroidManifest.xml", "x"])],
  ["application/vnd.android.package-archive", zipOf(["classes.dex", "dex"])],
  ["application/java-archive", zipOf(["META-INF/", ""], ["META-INF/MANIFEST.MF", "Manifest-Version: 1.0"])],
  ["application/x-xpinstall", zipOf(["META-INF/mozilla.rsa", "x"])],
  ["application/msix", zipOf(["AppxManifest.xml", "<a/>"])],
];

test.each(PROGRAMS)("%s is refused under any type", async (name, bytes) => {
  for (const type of ALLOWED_TYPES) expect(await checkContent(bytes, type, true)).toBe(refusal(type, name));
});

test.each(PROGRAMS)("%s is refused under a type that a tenant was allowed", async (name, bytes) => {
  for (const type of ["model/step", "application/x-thing+zip", "text/x-thing"]) {
    expect(await checkContent(bytes, type, true)).toBe(refusal(type, name));
  }
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

const SCRIPT = utf8("#!/bin/sh\nrm -rf /\n");

test.each(ALLOWED_TYPES)("scripts and pages under %s, unless they are read as text", async (type) => {
  const isText = TEXT_TYPES.includes(type);
  const dosProgram = bytesOf("MZ\x90\x01\x03\x02");
  expect(await checkContent(SCRIPT, type, true)).toBe(isText ? undefined : refusal(type, "text/x-script"));
  expect(await checkContent(HTML, type, true)).toBe(isText ? undefined : refusal(type, "text/html"));
  expect(await checkContent(utf8("MZ is Mozambique"), type, true)).toBe(
    isText ? undefined : refusal(type, "application/x-msdownload"),
  );
  expect(await checkContent(dosProgram, type, true)).toBe(refusal(type, "application/x-msdownload"));
});

// Each beside something that differs in one thing, and is the other way.
test.each<readonly [string, string, Uint8Array, string | undefined]>([
  ["application/pdf", "a header at 1,024", bytesOf("x".repeat(1_024), PDF), undefined],
  ["application/pdf", "a header at 1,025", bytesOf("x".repeat(1_025), PDF), "text/plain"],
  ["application/pdf", "a byte order mark before it", bytesOf("\xEF\xBB\xBF", PDF), undefined],
  ["application/pdf", "PJL before it", bytesOf("\x1B%-12345X@PJL\r\n", PDF), undefined],
  ["application/pdf", "a page before it", bytesOf("<html>", "%PDF-1.4"), "text/html"],
  ["application/pdf", "an element before it", bytesOf("<b>", "%PDF-1.4"), "application/xml"],
  ["application/pdf", "a script before it", bytesOf("#!/bin/sh\n", PDF), "text/x-script"],
  ["application/pdf", "a zip that holds one", zipOf(["a.pdf", "%PDF-1.4"]), "application/zip"],
  ["application/pdf", "lower case", utf8("%pdf-1.4"), "text/plain"],
  ["application/vnd.ms-excel", "CSV", utf8("a;b\n1;2\n"), undefined],
  ["application/vnd.ms-excel", "Unicode text", bytesOf("\xFF\xFE", utf16("a\tb\n", true)), undefined],
  ["application/vnd.ms-excel", "CSV with a NUL", bytesOf("a;b\n\0;2\n"), "something else"],
  ["application/vnd.ms-excel", "a page", HTML, "text/html"],
  ["application/vnd.ms-excel", "OOXML", OOXML, "application/zip"],
  ["application/vnd.ms-outlook", "a mailbox", bytesOf("!BDN\0\0\0\0SM"), "something else"],
  ["application/msword", "RTF", RTF, "application/rtf"],
  ["application/vnd.oasis.opendocument.text", "CFB", CFB, "application/x-cfb"],
  [
    "application/zip",
    "a jar inside",
    zipOf(["lib/a.jar", `${String.fromCharCode(...zipOf(["META-INF/MANIFEST.MF", "x"]))}`]),
    undefined,
  ],
  ["application/zip", "a project's manifest", zipOf(["app/src/main/AndroidManifest.xml", "x"]), undefined],
  ["application/zip", "7z", SEVEN_ZIP, "application/x-7z-compressed"],
  ["application/zip", "a rar", bytesOf("Rar!\x1A\x07\x01\0"), "application/x-rar-compressed"],
  ["application/gzip", "zip", ZIP, "application/zip"],
  ["application/x-tar", "gzip", GZIP, "application/gzip"],
  ["application/x-tar", "a name like a script's", tarOf("#!sh"), "text/x-script"],
  [
    "application/x-tar",
    "a program with a tar's header",
    bytesOf(withPeOffset(tarOf("MZ.txt"))),
    "application/x-msdownload",
  ],
  ["image/png", "PDF", PDF, "application/pdf"],
  ["image/png", "JPEG", JPEG, "image/jpeg"],
  ["image/jpeg", "HEIC", isoOf("heic"), "image/heif"],
  ["image/heic", "MP4", MP4, "video/mp4"],
  ["image/heic", "a compatible brand", isoOf("isom", "iso2", "mif1"), undefined],
  ["image/heic", "a brand behind the box", bytesOf(isoOf("isom", "iso2"), "mif1"), "video/mp4"],
  ["image/heic", "a raw picture", isoOf("crx "), "video/mp4"],
  ["image/webp", "WAV", WAV, "audio/wav"],
  ["image/bmp", "text", utf8("BMW sold 12 cars in Munich"), "text/plain"],
  ["image/gif", "another version", utf8("GIF88a"), "text/plain"],
  ["image/gif", "text with all that texts may have", utf8("a\b\t\n\v\f\r\x1A\x1F"), "text/plain"],
  ["image/gif", "a bell", utf8("a\x07"), "something else"],
  ["image/gif", "a shift", utf8("a\x0E"), "something else"],
  ["image/gif", "an end of medium", utf8("a\x19"), "something else"],
  ["video/mp4", "AVIF", isoOf("avif"), "image/heif"],
  ["video/mp4", "Matroska", MKV, "video/x-matroska"],
  ["video/mpeg", "MP4", MP4, "video/mp4"],
  ["video/mpeg", "PNG", PNG, "image/png"],
  ["audio/mpeg", "Ogg", OGG, "audio/ogg"],
  ["audio/mpeg", "PDF", PDF, "application/pdf"],
  ["audio/mpeg", "text", TEXT, undefined],
  ["audio/mpeg", "SVG", SVG, "image/svg+xml"],
  ["audio/aac", "WAV", WAV, "audio/wav"],
  ["audio/wav", "AVI", AVI, "video/x-msvideo"],
  ["audio/flac", "Ogg", OGG, "audio/ogg"],
  ["audio/flac", "about tags", utf8("ID3 is a tag"), "text/plain"],
  ["application/xml", "a page", utf8('<?xml version="1.0"?>\n<html xmlns="x"/>'), "text/html"],
  ["application/xml", "a script", utf8("<script>1</script>"), "text/html"],
  ["application/xml", "a table", utf8("<table><row/></table>"), undefined],
])("%s: %s", async (type, _what, bytes, found) => {
  expect(await checkContent(bytes, type, true)).toBe(found && refusal(type, found));
});

function withPeOffset(tar: Uint8Array): Uint8Array {
  // Where a Windows program has its PE header's offset; the checksum goes up by as much.
  const changed = tar.slice();
  changed[60] = 8;
  const sum = Number.parseInt(String.fromCharCode(...tar.subarray(148, 154)), 8) + 8;
  changed.set(bytesOf(sum.toString(8).padStart(6, "0")), 148);
  return changed;
}

test.each<readonly [string, Uint8Array, string | undefined]>([
  ["UTF-8 with its mark", bytesOf("\xEF\xBB\xBF", utf8("é")), undefined],
  ["UTF-16, little-endian", bytesOf("\xFF\xFE", utf16("Hello", true)), undefined],
  ["UTF-16, big-endian", bytesOf("\xFE\xFF", utf16("Hello", false)), undefined],
  ["UTF-32, little-endian", bytesOf("\xFF\xFE\0\0", utf32("Hello", true)), undefined],
  ["UTF-32, big-endian", bytesOf("\0\0\xFE\xFF", utf32("Hello", false)), undefined],
  ["UTF-16 with half a character", bytesOf("\xFF\xFE", utf16("Hello", true), "a"), undefined],
  ["UTF-16 without its mark", utf16("Hello", true), "something else"],
  ["UTF-16 with a NUL", bytesOf("\xFF\xFE", utf16("Hel\0lo", true)), "something else"],
  ["UTF-32 with a NUL", bytesOf("\xFF\xFE\0\0", utf32("Hel\0lo", true)), "something else"],
  ["Latin-1", bytesOf("caf\xE9"), undefined],
  ["Shift JIS", bytesOf("\x83\x65\x83\x58\x83\x67"), undefined],
  ["a NUL", bytesOf("Hello\0"), "something else"],
  ["a control", bytesOf("Hello\x01"), undefined],
  ["DOS's end of file", bytesOf("MAC Address\r\n\x1A"), undefined],
  ["what begins like a picture", utf8("BMW, GIF, and PNG"), undefined],
  ["what begins like a GIF", utf8("GIF89a is a format"), undefined],
  ["a picture", JPEG, "image/jpeg"],
  ["an archive without a NUL", bytesOf("BZh91AY&SY\x01\x02"), "application/x-bzip2"],
  ["PDF, all text", utf8("%PDF-1.4\n1 0 obj"), "application/pdf"],
  ["about PDF", utf8("A file begins with %PDF-1.4"), undefined],
  ["RTF", RTF, "application/rtf"],
])("text: %s", async (_what, bytes, found) => {
  for (const type of TEXT_TYPES) {
    expect(await checkContent(bytes, type, true)).toBe(found && refusal(type, found));
  }
});

const ROOT = '<svg xmlns="http://www.w3.org/2000/svg">';
const DOCTYPE = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"';

test.each<readonly [string, string | Uint8Array, string | undefined]>([
  ["a declaration", `<?xml version="1.0"?>\n${ROOT}`, undefined],
  ["a mark", bytesOf("\xEF\xBB\xBF", utf8(ROOT)), undefined],
  ["UTF-16", bytesOf("\xFF\xFE", utf16(ROOT, true)), undefined],
  ["comments", `<!-- a > b --> <!-- <html> -->${ROOT}`, undefined],
  ["a doctype", `${DOCTYPE}>${ROOT}`, undefined],
  ["a doctype with entities", `${DOCTYPE} [\n<!ENTITY a "b">\n] >\n${ROOT}`, undefined],
  ["a prefix", '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', undefined],
  ["a page's doctype", `<!DOCTYPE html>${ROOT}`, "text/html"],
  ["a page after a comment", "<!-- --><HTML>", "text/html"],
  ["a script", "<script>1</script>", "text/html"],
  ["another root", "<svgx/>", "application/xml"],
  ["a root that isn't first", `<g>${ROOT}`, "application/xml"],
  ["text first", `x${ROOT}`, "text/plain"],
  ["an endless comment", "<!-- ", "application/xml"],
  ["nothing but a declaration", '<?xml version="1.0"?>', "application/xml"],
  ["a NUL", bytesOf(`${ROOT}\0`), "something else"],
  ["compressed", GZIP, "application/gzip"],
  ["PNG", PNG, "image/png"],
])("SVG: %s", async (_what, content, found) => {
  const bytes = typeof content === "string" ? utf8(content) : content;
  expect(await checkContent(bytes, "image/svg+xml", true)).toBe(found && refusal("image/svg+xml", found));
});

test.each([
  ["a comment", "<!--"],
  ["a doctype", `${DOCTYPE} [`],
  ["an entity", `${DOCTYPE} [ <!ENTITY a "`],
  ["white space", "<?xml version='1.0'?>"],
])("an SVG's root may come after the first 4 KiB: %s", async (_what, start) => {
  const head = padded(utf8(start), 0x20);
  expect(await checkContent(head, "image/svg+xml", false)).toBeUndefined();
  expect(await checkContent(head, "image/svg+xml", true)).toBe(refusal("image/svg+xml", "application/xml"));
});

test("an SVG's root may be cut", async () => {
  const head = utf8(`<!--${" ".repeat(HEAD_BYTES - 9)}--><s`).subarray(0, HEAD_BYTES);
  expect(await checkContent(head, "image/svg+xml", false)).toBeUndefined();
  expect(await checkContent(utf8("<g"), "image/svg+xml", true)).toBe(
    refusal("image/svg+xml", "application/xml"),
  );
});

test.each([
  ["many comments", "<!---->".repeat(600)],
  ["an endless doctype", `<!DOCTYPE svg ${"[".repeat(4_000)}`],
  ["many declarations", "<?".repeat(2_048)],
  ["white space", " ".repeat(HEAD_BYTES)],
])("hostile text is no work: %s", async (_what, text) => {
  const startedMs = performance.now();
  for (const type of ["image/svg+xml", "application/pdf"]) await checkContent(utf8(text), type, false);
  expect(performance.now() - startedMs).toBeLessThan(200);
});

test.each([
  ["zip entries of no length", padded(bytesOf("PK\x03\x04".padEnd(30, "\0").repeat(136)))],
  ["a zip entry that is cut", padded(bytesOf("PK\x03\x04")).subarray(0, 12)],
  ["a zip entry at the end", bytesOf(zipOf(["a", "b"]), "PK\x03\x04")],
])("%s end", async (_what, bytes) => {
  expect(await checkContent(bytes, "application/zip", true)).toBeUndefined();
});

test("a type that isn't on the list is refused", async () => {
  expect(await checkContent(PNG, "image/x-icon", true)).toBe(refusal("image/x-icon", "image/png"));
});
