import { expect, test } from "vitest";
import { compoundFile } from "../support/compound-files.ts";
import { DOCX, docx, EPUB, epub, ODT, odt, openXml, XLSX, xlsx } from "../support/documents.ts";
import { zip } from "../support/eicar.ts";
import { usePipeline } from "./support/pipeline.ts";

const pipeline = usePipeline();

const DOC = "application/msword";
const XLS = "application/vnd.ms-excel";
const ODS = "application/vnd.oasis.opendocument.spreadsheet";
const ZIP = "application/zip";
const MACRO_WORD = "vnd.ms-word.document.macroEnabled.main+xml";
const MACRO_SHEET = "vnd.ms-excel.sheet.macroEnabled.main+xml";
const ARCHIVE = zip([{ name: "word/document.xml", content: Buffer.from("<w:document/>") }]);

/** A docm with parts for which readers give it up. */
function hiding(...names: readonly string[]): Buffer {
  return openXml(MACRO_WORD, Object.fromEntries(names.map((name) => [name, "<a/>"])));
}

function compound(...streams: readonly string[]): Buffer {
  return compoundFile(streams.map((name) => ({ name, content: Buffer.alloc(10) })));
}

test.each([
  ["a docx", docx(), DOCX, DOCX],
  ["a docx with something else in it", docx({ "0.bin": Buffer.alloc(1) }), DOCX, DOCX],
  ["an xlsx", xlsx(), XLSX, XLSX],
  ["an odt", odt(), ODT, ODT],
  ["an odt without an entry for its type", odtByManifest(), ODT, ODT],
  ["an epub", epub(), EPUB, EPUB],
  ["a zip", ARCHIVE, ZIP, ZIP],
  ["a docx that was said to be a zip", docx(), ZIP, DOCX],
  ["a doc", compound("WordDocument"), DOC, DOC],
  ["an xls", compound("Workbook"), XLS, XLS],
])("%s is what its content says", async (_what, bytes, declaredType, sniffedType) => {
  expect(await pipeline.processAs(bytes, declaredType)).toBe("clean");
  expect(pipeline.worker.verdicts()).toMatchObject([{ sniffedType }]);
});

function odtByManifest(): Buffer {
  const entry = `<m:file-entry m:full-path="/" m:media-type="${ODT}"/>`;
  return zip([
    { name: "META-INF/manifest.xml", content: Buffer.from(`<m:manifest>${entry}</m:manifest>`) },
    { name: "content.xml", content: Buffer.from("<content/>") },
  ]);
}

test.each([
  ["a docm under the type of a docx", openXml(MACRO_WORD), DOCX, "Type.MacrosNotDeclared"],
  ["an xlsm under the type of an xlsx", openXml(MACRO_SHEET), XLSX, "Type.MacrosNotDeclared"],
  ["an xlsx under the type of a docx", xlsx(), DOCX, "Type.NotAsDeclared"],
  ["an odt under the type of an ods", odt(), ODS, "Type.NotAsDeclared"],
  ["a docx under the type of an odt", docx(), ODT, "Type.NotAsDeclared"],
  ["a zip under the type of a docx", ARCHIVE, DOCX, "Type.NotAsDeclared"],
  ["a zip under the type of an epub", ARCHIVE, EPUB, "Type.NotAsDeclared"],
  ["an xls under the type of a doc", compound("Workbook"), DOC, "Type.NotAsDeclared"],
  ["a doc under the type of a docx", compound("WordDocument"), DOCX, "Type.NotAsDeclared"],
  ["a compound file that is no document, as a doc", compound("Property"), DOC, "Type.NotAsDeclared"],
  ["a doc that is cut", compound("WordDocument").subarray(0, 600), DOC, "Type.NotAsDeclared"],
  ["a docm that hides it by two parts of one name", hiding("u.xml", "U.xml"), DOCX, "Type.NotAsDeclared"],
  ["a docm that hides it by a path", hiding("../x"), DOCX, "Type.NotAsDeclared"],
])("%s is unscannable", async (_what, bytes, declaredType, signatureName) => {
  expect(await pipeline.processAs(bytes, declaredType)).toBe("unscannable");
  expect(pipeline.worker.verdicts()).toMatchObject([{ signatureName }]);
});

/** [MS-XLS] 2.4.117: the password comes before what it is needed for. */
const LOCKED_WORKBOOK = Buffer.from([0x2f, 0, 2, 0, 0, 0, 0x0a, 0, 0, 0]);
/** [MS-DOC] 2.5.2. */
const LOCKED_DOCUMENT = Buffer.from([0xec, 0xa5, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

test.each([
  ["a docx", compound("EncryptionInfo", "EncryptedPackage"), DOCX],
  ["a doc", compoundFile([{ name: "WordDocument", content: LOCKED_DOCUMENT }]), DOC],
  ["an xls", compoundFile([{ name: "Workbook", content: LOCKED_WORKBOOK }]), XLS],
  ["an odt", odt({ "META-INF/manifest.xml": "<m:encryption-data/>" }), ODT],
])("%s under a password is unscannable", async (_what, bytes, declaredType) => {
  expect(await pipeline.processAs(bytes, declaredType)).toBe("unscannable");
  expect(pipeline.worker.verdicts()).toMatchObject([{ signatureName: "Encrypted.Document" }]);
});
