import { expect, test } from "vitest";
import { checkContent } from "../../../worker/services/content-type.ts";
import { bytesOf, utf8, zipOf, cfbOf, HTML } from "./content-samples.ts";
import { ALLOWED_TYPES, refusal, TEXT_TYPES } from "./support/declared-types.ts";

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
