import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALLOWED_TYPES } from "../../../worker/contract/file-types.ts";
import { checkContent } from "../../../worker/services/content-type.ts";

const HEAD_BYTES = 4_096;

/** Strings stand for one byte per character. */
function bytesOf(...pieces: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    pieces.flatMap((piece) =>
      typeof piece === "string" ? Array.from(piece, (character) => character.charCodeAt(0)) : [...piece],
    ),
  );
}

/** As the head of a file that goes on. */
function padded(bytes: Uint8Array, filler = 0): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES).fill(filler);
  head.set(bytes.subarray(0, HEAD_BYTES));
  return head;
}

function littleEndian(value: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode((value >>> (8 * index)) & 0xff)).join("");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

function utf32(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 4));
  for (let index = 0; index < text.length; index++) {
    view.setUint32(index * 4, text.charCodeAt(index), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

function zipOf(...entries: readonly (readonly [name: string, data: string])[]): Uint8Array {
  return bytesOf(
    ...entries.map(
      ([name, data]) =>
        `PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0${littleEndian(data.length, 4).repeat(2)}` +
        `${littleEndian(name.length, 2)}\0\0${name}${data}`,
    ),
  );
}

const CFB_MAGIC = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/** A compound file with 512-byte sectors, whose directory is its first. */
function cfbOf(classId: string): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  head.set(bytesOf(CFB_MAGIC));
  head.set(bytesOf("\x3E\0\x03\0\xFE\xFF\x09\0"), 24);
  head.set(bytesOf(classId), 512 + 80);
  return head;
}

function tarOf(name: string): Uint8Array {
  const head = new Uint8Array(1_024);
  head.set(bytesOf(name));
  head.set(bytesOf("0000644\x000000000\x000000000\0", "00000000005\0", "14700000000\0", "        0"), 100);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  head.set(bytesOf("hello"), 512);
  return head;
}

function isoOf(...brands: readonly string[]): Uint8Array {
  const [major = "", ...compatible] = brands;
  return bytesOf(
    "\0\0\0",
    String.fromCharCode(16 + 4 * compatible.length),
    "ftyp",
    major,
    "\0\0\0\0",
    ...compatible,
  );
}

/** A Windows program as linkers write them: the DOS header leads to the PE header. */
const EXE = padded(
  bytesOf("MZ\x90\0\x03\0\0\0".padEnd(60, "\0"), littleEndian(0x80, 4), "\0".repeat(64), "PE\0\0\x64\x86"),
);

const JPEG = bytesOf("\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01");
const PNG = bytesOf("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1F\x15\xC4\x89");
const WEBP = bytesOf("RIFF\x24\0\0\0WEBPVP8 ");
const TIFF = bytesOf("II*\0\x08\0\0\0\x01\0");
const BMP = bytesOf("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0");
const PDF = bytesOf("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n");
const RTF = bytesOf("{\\rtf1\\ansi\\deff0 Hello}");
const CFB = cfbOf("\x06\x09\x02\0\0\0\0\0\xC0\0\0\0\0\0\0F");
const ZIP = zipOf(["notes.txt", "hello"]);
const OOXML = zipOf(["[Content_Types].xml", "<Types/>"], ["word/document.xml", "<w/>"]);
const ODF = zipOf(["mimetype", "application/vnd.oasis.opendocument.text"]);
const MKV = bytesOf("\x1A\x45\xDF\xA3\x8F\x42\x86\x81\x01\x42\x82\x88matroska");
const WEBM = bytesOf("\x1A\x45\xDF\xA3\x8B\x42\x86\x81\x01\x42\x82\x84webm");
const AVI = bytesOf("RIFF\x24\0\0\0AVI LIST");
const WAV = bytesOf("RIFF\x24\0\0\0WAVEfmt ");
const OGG = bytesOf("OggS\0\x02".padEnd(28, "\0"), "\x01vorbis\0");
const OPUS = bytesOf("OggS\0\x02".padEnd(28, "\0"), "OpusHead");
const FLAC = bytesOf("fLaC\0\0\0\x22\x10\0\x10\0");
const ID3 = bytesOf("ID3\x04\0\0\0\0\x7F\x76TIT2\0\0");
const ADTS = bytesOf("\xFF\xF1\x50\x80\x02\x1F\xFC");
const GZIP = bytesOf("\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\x48");
const SEVEN_ZIP = bytesOf("7z\xBC\xAF\x27\x1C\0\x04\x11\x22\x33\x44");
const MP4 = isoOf("isom", "iso2", "mp41");
const SVG = utf8('<svg xmlns="http://www.w3.org/2000/svg"/>');
const HTML = utf8("<!DOCTYPE html>\n<html><script>alert(1)</script></html>");
const TEXT = utf8("Grüße,\r\n\tein Text\n");
const UNKNOWN = bytesOf("\x91\x02\x9A\x15\xE0\xB7\x03\x88\x5C\xAA\x17\xF4\x99\x04\xDE\x61");

/** What each type may be; a signature's examples are spoiled one by one to make its refusals. */
const EXAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  "application/pdf": [PDF],
  "application/msword": [CFB],
  "application/vnd.ms-excel": [CFB],
  "application/vnd.ms-powerpoint": [CFB],
  "application/vnd.ms-outlook": [CFB],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": [OOXML, ZIP, CFB],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": [OOXML, ZIP, CFB],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": [OOXML, ZIP, CFB],
  "application/vnd.oasis.opendocument.text": [ODF, ZIP],
  "application/vnd.oasis.opendocument.spreadsheet": [ODF, ZIP],
  "application/vnd.oasis.opendocument.presentation": [ODF, ZIP],
  "application/rtf": [RTF],
  "text/rtf": [RTF],
  "text/plain": [TEXT],
  "text/csv": [utf8("MAC Address,IP\n00:11:22:33:44:55,10.0.0.1\n")],
  "text/tab-separated-values": [utf8("a\tb\n1\t2\n")],
  "text/markdown": [utf8("# Title\n\n<p align=center>Hello</p>\n"), HTML],
  "text/calendar": [utf8("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")],
  "text/vcard": [utf8("BEGIN:VCARD\r\nVERSION:4.0\r\n")],
  "message/rfc822": [utf8("Received: from a by b\r\nSubject: c\r\n\r\n")],
  "application/json": [utf8('{"a":1}')],
  "application/xml": [utf8('<?xml version="1.0"?><a/>'), SVG],
  "text/xml": [utf8("<a/>"), SVG],
  "image/jpeg": [JPEG],
  "image/png": [PNG],
  "image/gif": [bytesOf("GIF89a\x01\0\x01\0"), bytesOf("GIF87a\x01\0\x01\0")],
  "image/webp": [WEBP],
  "image/avif": [isoOf("avif", "mif1"), isoOf("avis"), isoOf("mif1", "avif")],
  "image/heic": [isoOf("heic", "mif1"), isoOf("hevc"), isoOf("mif1", "heic")],
  "image/heif": [isoOf("mif1"), isoOf("heix")],
  "image/tiff": [TIFF, bytesOf("MM\0*\0\0\0\x08"), bytesOf("II+\0\x08\0\0\0")],
  "image/bmp": [BMP],
  "image/svg+xml": [SVG],
  "video/mp4": [MP4, isoOf("M4V "), isoOf("qt  "), isoOf("dash")],
  "video/quicktime": [
    isoOf("qt  "),
    MP4,
    bytesOf("\0\0\0\x08wide\0\0\0\0"),
    bytesOf("\0\0\0\x6Cmoov\0\0\0\x6C"),
  ],
  "video/3gpp": [isoOf("3gp4"), MP4],
  "video/webm": [WEBM, MKV],
  "video/x-matroska": [MKV, WEBM],
  "video/x-msvideo": [AVI],
  "video/mpeg": [
    bytesOf("\0\0\x01\xBA\x44\0\x04\0"),
    bytesOf("\0\0\x01\xB3\x16\0\xF0\x15"),
    bytesOf("G".padEnd(188, "\xFF"), "G"),
    UNKNOWN,
  ],
  "audio/mpeg": [ID3, bytesOf("\xFF\xFB\x90\x64"), ADTS, UNKNOWN],
  "audio/aac": [ADTS, ID3, isoOf("M4A "), UNKNOWN],
  "audio/mp4": [isoOf("M4A "), MP4],
  "audio/x-m4a": [isoOf("M4A "), MP4],
  "audio/wav": [WAV, bytesOf("RF64\xFF\xFF\xFF\xFFWAVEds64")],
  "audio/x-wav": [WAV],
  "audio/ogg": [OGG, OPUS],
  "audio/opus": [OPUS, OGG],
  "audio/flac": [FLAC, ID3],
  "audio/x-flac": [FLAC],
  "audio/webm": [WEBM],
  "application/zip": [ZIP, OOXML, ODF, bytesOf("PK\x05\x06".padEnd(22, "\0"))],
  "application/x-zip-compressed": [ZIP, OOXML],
  "application/gzip": [GZIP],
  "application/x-tar": [
    tarOf("notes.txt"),
    tarOf("BMW.txt"),
    tarOf("MZ.txt"),
    tarOf("MZ".padEnd(80, "z")),
    new Uint8Array(1_024),
    UNKNOWN,
  ],
  "application/x-7z-compressed": [SEVEN_ZIP],
};

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
  ["application/vnd.android.package-archive", zipOf(["res/a.xml", ""], ["AndroidManifest.xml", "x"])],
  ["application/vnd.android.package-archive", zipOf(["classes.dex", "dex"])],
  ["application/java-archive", zipOf(["META-INF/", ""], ["META-INF/MANIFEST.MF", "Manifest-Version: 1.0"])],
  ["application/x-xpinstall", zipOf(["META-INF/mozilla.rsa", "x"])],
  ["application/msix", zipOf(["AppxManifest.xml", "<a/>"])],
];

test.each(PROGRAMS)("%s is refused under any type", async (name, bytes) => {
  for (const type of ALLOWED_TYPES) expect(await checkContent(bytes, type, true)).toBe(refusal(type, name));
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
