import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { NO_WISHES } from "#contract/wishes.ts";
import { compoundFile } from "../support/compound-files.ts";
import {
  DOCX,
  docx,
  EPUB,
  epub,
  ODT,
  odt,
  openXml,
  PPTX,
  relatedDocx,
  XLSX,
  xlsx,
} from "../support/documents.ts";
import { zip } from "../support/eicar.ts";
import { picture } from "../support/images.ts";
import { makePdf } from "../support/pdfs.ts";
import { heicWithFilm, motionPhoto, samsungMotionPhoto, ultraHdr } from "../support/phone-photos.ts";
import { usePipeline } from "./support/pipeline.ts";

const pipeline = usePipeline();
const run = promisify(execFile);

const DOC = "application/msword";
const XLS = "application/vnd.ms-excel";
const PDF = "application/pdf";

/** What is found in a file, and whether that is all there can be. */
async function findIn(bytes: Uint8Array, declaredType: string) {
  await pipeline.processAs(bytes, declaredType);
  const verdict = pipeline.worker.verdicts().at(-1);
  expect(verdict).toMatchObject({ verdict: "clean" });
  return verdict?.active;
}

const word = (text: string) => `<w:r><w:instrText xml:space="preserve">${text}</w:instrText></w:r>`;
const field = '<w:fldChar w:fldCharType="begin"/>';
const documentOf = (body: string) =>
  docx({ "word/document.xml": `<w:document>${field}${body}</w:document>` });

describe("an Office document", () => {
  test.each([
    ["nothing", docx(), DOCX, []],
    ["a template with nothing", openXml("wordprocessingml.template.main+xml"), DOCX, []],
    ["macros", docx({ "word/vbaProject.bin": "x" }), DOCX, ["macros"]],
    [
      "macros under another name",
      docx(
        { "word/data.dat": "x" },
        '<Default Extension="dat" ContentType="application/vnd.ms-office.vbaProject"/>',
      ),
      DOCX,
      ["macros"],
    ],
    ["macros of Excel 4", xlsx({ "xl/macrosheets/sheet1.xml": "<x/>" }), XLSX, ["macros"]],
    ["slides with nothing", openXml("presentationml.presentation.main+xml"), PPTX, []],
    [
      "a remote template",
      relatedDocx("attachedTemplate", "https://example.com/a.dotm"),
      DOCX,
      ["external-template"],
    ],
    [
      "a template on a share",
      relatedDocx("attachedTemplate", "\\\\10.0.0.1\\a.dotm"),
      DOCX,
      ["external-template"],
    ],
    ["a template on the disk", relatedDocx("attachedTemplate", "file:///C:\\a.dotm"), DOCX, []],
    [
      "an object elsewhere",
      relatedDocx("oleObject", "mhtml:http://example.com/a!x"),
      DOCX,
      ["external-template"],
    ],
    ["a hyperlink", relatedDocx("hyperlink", "https://example.com/"), DOCX, []],
    ["a field", documentOf(word(' DDEAUTO c:\\\\cmd "/k" ')), DOCX, ["dde"]],
    ["a field in pieces", documentOf(word(" D") + word("DE&#65;UTO x")), DOCX, ["dde"]],
    ["a field in a comment's shadow", documentOf(word("D<!-- -->DEAUTO x")), DOCX, ["dde"]],
    ["a simple field", documentOf('<w:fldSimple w:instr="DDE x"/>'), DOCX, ["dde"]],
    ["another field, of a word", documentOf(word("PAGE DDE")), DOCX, []],
    [
      "a field in UTF-16",
      docx({ "word/document.xml": Buffer.from(`\ufeff<d>${word("DDEAUTO x")}</d>`, "utf16le") }),
      DOCX,
      ["dde"],
    ],
    ["a link", xlsx({ "xl/externalLinks/e.xml": '<x:ddeLink ddeService="cmd"/>' }), XLSX, ["dde"]],
    ["a packed object", docx({ "word/embeddings/oleObject1.bin": "x" }), DOCX, ["embedded-files"]],
    ["macros of LibreOffice", odt({ "Basic/Standard/Module1.xml": "<x/>" }), ODT, ["macros"]],
    [
      "an empty library",
      odt({ "Basic/Standard/script-lb.xml": "<x/>", "Basic/script-lc.xml": "<x/>" }),
      ODT,
      [],
    ],
    ["a program of LibreOffice", odt({ "Scripts/python/a.py": "x" }), ODT, ["macros"]],
    ["a source", odt({ "content.xml": '<office:dde-source office:dde-item="x"/>' }), ODT, ["dde"]],
    [
      "a section elsewhere",
      odt({ "content.xml": '<t:section-source x:href="http://a/"/>' }),
      ODT,
      ["external-template"],
    ],
    ["a book", epub(), EPUB, []],
  ])("with %s", async (_what, bytes, declaredType, found) => {
    expect(await findIn(bytes, declaredType)).toEqual({ found, isComplete: true });
  });

  test.each([
    ["a document type, which can define anything", docx({ "word/document.xml": "<!DOCTYPE a><a/>" }), DOCX],
    ["a relation that isn't well formed", docx({ "_rels/.rels": '<Relationship Target="a' }), DOCX],
    ["an encoding that isn't read", docx({ "a.xml": '<?xml version="1.0" encoding="UTF-7"?>' }), DOCX],
  ])("isn't said to be looked through where it has %s", async (_what, bytes, declaredType) => {
    expect(await findIn(bytes, declaredType)).toEqual({ found: [], isComplete: false });
  });
});

const boundSheet = (kind: number) => Buffer.from([0x85, 0, 8, 0, 0, 0, 0, 0, 0, kind, 1, 0x41]);
const supBook = (path: string) => {
  const body = Buffer.concat([Buffer.from([1, 0, path.length, 0, 0]), Buffer.from(path, "latin1")]);
  return Buffer.concat([Buffer.from([0xae, 1, body.length, 0]), body]);
};
const GLOBALS_END = Buffer.from([0x0a, 0, 0, 0]);
const workbook = (...records: readonly Buffer[]) =>
  compoundFile([{ name: "Workbook", content: Buffer.concat([...records, GLOBALS_END]) }]);
const document = (text: string, encoding: BufferEncoding = "latin1") =>
  compoundFile([
    { name: "WordDocument", content: Buffer.concat([Buffer.alloc(100), Buffer.from(text, encoding)]) },
  ]);

const slides = (hasMacros: number) => {
  const atom = Buffer.from([2, 0, 0, 4, 12, 0, 0, 0, 1, 0, 0, 0, hasMacros, 0, 0, 0, 2, 0, 0, 0]);
  const content = Buffer.concat([Buffer.alloc(99), Buffer.from([0x1f, 0, 0xff, 3, 20, 0, 0, 0]), atom]);
  return compoundFile([{ name: "PowerPoint Document", content }]);
};

describe("an older document", () => {
  test.each([
    ["nothing", document("hello"), DOC, []],
    [
      "macros",
      compoundFile([{ name: "WordDocument", content: Buffer.alloc(9) }, { name: "Macros" }]),
      DOC,
      ["macros"],
    ],
    ["a field", document("\u0013 DDEAUTO cmd"), DOC, ["dde"]],
    ["a field in two bytes", document("\u0013DDE cmd", "utf16le"), DOC, ["dde"]],
    ["slides", slides(0), "application/vnd.ms-powerpoint", []],
    ["slides with macros", slides(1), "application/vnd.ms-powerpoint", ["macros"]],
    ["a sheet", workbook(boundSheet(0)), XLS, []],
    ["a sheet of macros", workbook(boundSheet(1)), XLS, ["macros"]],
    ["a link", workbook(supBook("cmd\u0003/c calc")), XLS, ["dde"]],
  ])("with %s", async (_what, bytes, declaredType, found) => {
    expect(await findIn(bytes, declaredType)).toEqual({ found, isComplete: true });
    expect(pipeline.worker.verdicts()).toMatchObject([{ sniffedType: declaredType }]);
  });
});

/** The same, with its objects packed into streams. */
async function packed(pdf: Buffer): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-qpdf-"));
  try {
    const [before, after] = [join(directory, "before"), join(directory, "after")];
    await writeFile(before, pdf);
    await run("qpdf", ["--object-streams=generate", before, after]);
    return await readFile(after);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe("a PDF", () => {
  const withCatalog = (catalog: string) => makePdf({ catalog });

  test.each([
    ["nothing", makePdf({ words: () => "/JS /Launch" }), []],
    ["a program", withCatalog("/OpenAction << /S /JavaScript /JS (app.alert) >>"), ["javascript"]],
    ["a start of another", withCatalog("/OpenAction << /S /Launch /F (cmd.exe) >>"), ["launch"]],
    ["files", withCatalog("/Names << /EmbeddedFiles << /Names [] >> >>"), ["embedded-files"]],
    ["a form of XML", withCatalog("/AcroForm << /Fields [] /XFA [] >>"), ["xfa-form"]],
    ["a start whose name is elsewhere", withCatalog("/OpenAction << /S [ /Launch ] >>"), ["launch"]],
  ])("with %s, packed or not", async (_what, pdf, found) => {
    expect(await findIn(pdf, PDF)).toEqual({ found, isComplete: true });
    expect(await findIn(await packed(pdf), PDF)).toEqual({ found, isComplete: true });
  });

  test("that nobody can read isn't said to be looked through, whatever is seen in it", async () => {
    const broken = Buffer.from("%PDF-1.7\n1 0 obj << /S /JavaScript /JS (x) >>");
    expect(await findIn(broken, PDF)).toEqual({ found: ["javascript"], isComplete: false });
  });
});

describe("what is text, or a picture", () => {
  const svg = (inside: string) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`);
  const SVG = "image/svg+xml";
  const RTF = "application/rtf";
  const rtf = (inside: string) => Buffer.from(`{\\rtf1 ${inside}}`);

  test.each([
    ["a drawing", svg("<path d='M0 0'/>"), SVG, []],
    ["a drawing with a script", svg("<s:script>x</s:script>"), SVG, ["script"]],
    ["a drawing with a page", svg("<foreignObject/>"), SVG, ["script"]],
    ["a drawing with an event", svg('<g onload="x"/>'), SVG, ["script"]],
    ["a drawing with an address that runs", svg('<a href=" java&#115;cript:x"/>'), SVG, ["script"]],
    ["data", Buffer.from("<list/>"), "application/xml", []],
    ["a document of XML", Buffer.from('<d n="editdata.mso"/>'), "application/xml", ["macros"]],
    ["rich text", rtf("hello"), RTF, []],
    ["rich text with an object", rtf("{\\object{\\*\\objdata 01}}"), RTF, ["embedded-files"]],
    [
      "rich text with a template elsewhere",
      rtf("{\\*\\template http://example.com/a}"),
      RTF,
      ["external-template"],
    ],
    ["rich text with a field", rtf('{\\fldinst DDEAUTO cmd "x"}'), RTF, ["dde"]],
  ])("%s", async (_what, bytes, declaredType, found) => {
    expect(await findIn(bytes, declaredType)).toEqual({ found, isComplete: true });
  });

  test("a picture that is an archive, a page or a document too", async () => {
    const png = await picture("png", 10, 10);
    const archive = zip([{ name: "a.txt", content: Buffer.from("hello") }]);
    const gif = Buffer.concat([Buffer.from("GIF89a/*"), Buffer.from("<html><script>x</script>")]);
    const found = { found: ["polyglot"], isComplete: true };
    expect(await findIn(png, "image/png")).toEqual({ found: [], isComplete: true });
    expect(await findIn(Buffer.concat([png, archive]), "image/png")).toEqual(found);
    expect(await findIn(gif, "image/gif")).toEqual(found);
    expect(await findIn(Buffer.concat([png, makePdf()]), "image/png")).toEqual(found);
  });
});

test("a phone's photo is one thing, whatever is behind it", async () => {
  const nothing = { found: [], isComplete: true };
  for (const make of [ultraHdr, motionPhoto, samsungMotionPhoto])
    expect(await findIn(await make(), "image/jpeg"), make.name).toEqual(nothing);
  expect(await findIn(await heicWithFilm(), "image/heic")).toEqual(nothing);
});

test("where a tenant allows it, it isn't looked for", async () => {
  pipeline.worker.standing.wishes = { ...NO_WISHES, activeContent: "allow" };
  expect(await findIn(docx({ "word/vbaProject.bin": "x" }), DOCX)).toBeUndefined();
});
