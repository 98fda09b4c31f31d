import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lookIntoCompoundFile } from "../../../processor/content/compound-document.ts";
import type { Findings } from "../../../processor/content/findings.ts";
import { lookIntoRichText } from "../../../processor/content/rich-text.ts";
import { lookIntoSvg, lookIntoXml } from "../../../processor/content/text-document.ts";
import { lookIntoZip } from "../../../processor/content/zip-document.ts";
import { compoundFile } from "../../support/compound-files.ts";
import { docx, odt, openXml } from "../../support/documents.ts";

/** Ways to write what is active so that readers see it and those who look for it don't. */

const directory = await mkdtemp(join(tmpdir(), "causeway-evasions-"));
afterAll(() => rm(directory, { recursive: true }));

async function foundBy(
  look: (path: string) => Promise<Findings>,
  bytes: string | Uint8Array,
): Promise<Findings> {
  const path = join(directory, "original");
  await writeFile(path, bytes);
  return look(path);
}

const field = "<w:instrText>DDEAUTO cmd</w:instrText>";
const word = (body: string | Uint8Array) => docx({ "word/document.xml": body });
const relations = (body: string) =>
  docx({ "word/_rels/settings.xml.rels": `<Relationships>${body}</Relationships>` });
const template =
  '<Relationship Type="http://x/attachedTemplate" Target="http://example.com/a" TargetMode="External"/>';

test.each([
  ["behind an instruction", word(`<d><?x <!-- ?>${field}<?x --> ?></d>`), ["dde"]],
  ["behind a section", word(`<d><t><![CDATA[<!--]]></t>${field}<t>--&gt;--></t></d>`), ["dde"]],
  ["in a section", word("<d><w:instrText>D<![CDATA[DE]]>AUTO</w:instrText></d>"), ["dde"]],
  ["in an entity with zeros", word("<d><w:instrText>&#000000000068;DE x</w:instrText></d>"), ["dde"]],
  ["as text in a section", word(`<d><t><![CDATA[${field}]]></t></d>`), []],
  [
    "as a relation behind an instruction",
    relations(`<?x <!-- ?>${template}<?x --> ?>`),
    ["external-template"],
  ],
  ["as a formula in entities", odt({ "content.xml": "<c t:formula='of:=&#68;DE(1)'/>" }), ["dde"]],
])("a document with a field %s", async (_what, bytes, active) => {
  expect(await foundBy(lookIntoZip, bytes)).toMatchObject({ active, isComplete: true });
});

test("a docm is one whatever its types are behind", async () => {
  const main = "application/vnd.ms-word.document.macroEnabled.main+xml";
  const hidden = `<?x <!-- ?><Override PartName="/word/document.xml" ContentType="${main}"/><?x --> ?>`;
  const bytes = openXml("wordprocessingml.document.main+xml", {}, hidden);
  expect(await foundBy(lookIntoZip, bytes)).toMatchObject({
    type: "application/vnd.ms-word.document.macroenabled.12",
  });
});

test.each([
  ["a late declaration of its encoding", `<?xml version="1.0"${" ".repeat(300)}encoding="iso-2022-jp"?><d/>`],
  ["an encoding with zeros", Buffer.from("\ufeff<d/>", "utf16le").subarray(1)],
  ["two targets", template.replace("Target=", 'x:Target="a" Target=')],
])("what has %s isn't looked through", async (_what, bytes) => {
  const isRelation =
    typeof bytes === "string" && bytes === template.replace("Target=", 'x:Target="a" Target=');
  const found = await foundBy(lookIntoZip, isRelation ? relations(bytes) : word(bytes));
  expect(found).toMatchObject({ isComplete: false });
});

const XMLNS = 'xmlns="http://www.w3.org/2000/svg"';
const svg = (inside: string) => `<svg ${XMLNS}>${inside}</svg>`;
const page = (element: string) => svg(`<h:${element} xmlns:h="http://www.w3.org/1999/&#120;html"/>`);

test.each([
  ["in UTF-16", Buffer.from(`\ufeff${svg("<script/>")}`, "utf16le")],
  ["in UTF-16 from the other end", Buffer.from(`\ufeff${svg("<script/>")}`, "utf16le").swap16()],
  ["by a declared attribute", `<!DOCTYPE svg [<!ATTLIST svg onload CDATA "x">]>${svg("")}`],
  [
    "by a declaration in what looks like a comment",
    `<!DOCTYPE svg [<!NOTATION a SYSTEM "<!--">]>${svg("<!-- -->")}`,
  ],
  ["in a page's frame", page('iframe src="javascript:x"')],
  ["in a page's frame of its own", page('iframe srcdoc="&lt;script>x&lt;/script>"')],
  ["as the second value", svg('<animate attributeName="href" values="#;java&#10;script:x"/>')],
  ["by a stylesheet", `<?xml-stylesheet type="text/xsl" href="data:x"?>${svg("")}`],
])("a drawing runs %s", async (_what, bytes) => {
  expect(await foundBy(lookIntoSvg, bytes)).toMatchObject({ active: ["script"] });
});

test("a drawing in an encoding that isn't read isn't looked through, and one with a public document type is", async () => {
  const shifted = `<?xml version="1.0" encoding="iso-2022-jp"?>${svg("<scr\u001b(Bipt/>")}`;
  await expect(foundBy(lookIntoSvg, shifted)).rejects.toThrow("encoding");
  const drawn = `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "a.dtd">${svg("<path/>")}`;
  expect(await foundBy(lookIntoSvg, drawn)).toMatchObject({ active: [], isComplete: true });
});

const rtf = (inside: string) => `{\\rtf1 hello DDE ${inside}}`;

test.each([
  ["nothing but the word", "", []],
  ["a hyperlink", '{\\field{\\*\\fldinst {\\rtlch HYPERLINK "x"}{{\\*\\datafield 00DDE}}}}', []],
  ["a template without a star", "{\\template http://example.com/a}", ["external-template"]],
  ["a template in escapes", "{\\*\\template \\'68ttp://example.com/a}", ["external-template"]],
  ["a template on the disk", "{\\*\\template C:\\\\a\\'e4.dot}", []],
  ["a field in escapes", "{\\*\\fldinst \\'44\\'44\\'45AUTO x}", ["dde"]],
  ["a field in groups", "{\\*\\fldinst D{}D{\\b E}AUTO x}", ["dde"]],
  ["a field in Unicode", "{\\*\\fldinst \\u68?\\u68?\\uc0\\u69  x}", ["dde"]],
  ["a field behind what isn't read", "{\\*\\fldinst {\\*\\x y}DDE x}", ["dde"]],
  ["a field in what isn't read", "{\\*\\fldinst {\\*\\b DDE x}}", ["dde"]],
  ["a field before a template", "{\\*\\fldinst DDE\\template x}", ["dde"]],
])("rich text with %s", async (_what, inside, active) => {
  expect(await foundBy(lookIntoRichText, rtf(inside))).toEqual({ active, isComplete: true });
});

test("an older document's names are read in either case", async () => {
  const names = ["worddocument", "macros", "\u0001ole10native"];
  const bytes = compoundFile(names.map((name) => ({ name, content: Buffer.alloc(9) })));
  const found = { type: "application/msword", active: ["macros", "embedded-files"], isComplete: true };
  expect(await foundBy(lookIntoCompoundFile, bytes)).toMatchObject(found);
});

test.each([
  ["data", '<list one="1"><item/></list>', []],
  [
    "a document of Word 2003",
    '<w:wordDocument><w:binData w:name="editdata.mso">QQ==</w:binData></w:wordDocument>',
    ["macros"],
  ],
  ["a document in one file", '<p:part p:contentType="application/vnd.ms-office.vbaProject"/>', ["macros"]],
  ["a page", '<h xmlns="http://www.w3.org/1999/xhtml"><script>x</script></h>', ["script"]],
])("XML that is %s", async (_what, xml, active) => {
  expect(await foundBy(lookIntoXml, xml)).toEqual({ active, isComplete: true });
});
