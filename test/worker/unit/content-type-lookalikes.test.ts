import { expect, test } from "vitest";
import { checkContent } from "../../../worker/services/content-type.ts";
import {
  bytesOf,
  padded,
  utf8,
  utf16,
  zipOf,
  tarOf,
  isoOf,
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
} from "./content-samples.ts";
import { refusal } from "./support/declared-types.ts";

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

test.each([
  ["zip entries of no length", padded(bytesOf("PK\x03\x04".padEnd(30, "\0").repeat(136)))],
  ["a zip entry that is cut", padded(bytesOf("PK\x03\x04")).subarray(0, 12)],
  ["a zip entry at the end", bytesOf(zipOf(["a", "b"]), "PK\x03\x04")],
])("%s end", async (_what, bytes) => {
  expect(await checkContent(bytes, "application/zip", true)).toBeUndefined();
});
