import { readdir } from "node:fs/promises";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { DerivativeName } from "#contract/derivatives.ts";
import { OfficeDeriver } from "../../processor/derive/office.ts";
import { PdfDeriver } from "../../processor/derive/pdf.ts";
import { TextDeriver } from "../../processor/derive/text.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { zip, type ZipEntry } from "../support/eicar.ts";
import type { OfficeExtension } from "../support/office.ts";
import { convertFlat, flatSheet, flatSlides, flatText, RTF } from "../support/office.ts";
import { rows } from "../support/runs.ts";
import { ALL_TOOLS_THERE, derive, type Derived } from "./support/derive.ts";

const OOXML = "application/vnd.openxmlformats-officedocument";
const ODF = "application/vnd.oasis.opendocument";
const TYPES: Readonly<Record<OfficeExtension | "rtf", string>> = {
  doc: "application/msword",
  xls: "application/vnd.ms-excel",
  ppt: "application/vnd.ms-powerpoint",
  docx: `${OOXML}.wordprocessingml.document`,
  xlsx: `${OOXML}.spreadsheetml.sheet`,
  pptx: `${OOXML}.presentationml.presentation`,
  odt: `${ODF}.text`,
  ods: `${ODF}.spreadsheet`,
  odp: `${ODF}.presentation`,
  rtf: "text/rtf",
};
type Extension = keyof typeof TYPES;

let sandbox: Sandbox;
let texts: TextDeriver;
let deriver: OfficeDeriver;
const documents = new Map<string, Buffer>([["rtf", RTF]]);

beforeAll(async () => {
  sandbox = await Sandbox.create();
  texts = new TextDeriver(sandbox, ALL_TOOLS_THERE);
  deriver = new OfficeDeriver(sandbox, texts);
  const made = [
    ...(await convertFlat(flatText(10), ["docx", "doc", "odt"])),
    ...(await convertFlat(flatSheet(20), rows<OfficeExtension>(["xlsx", "xls"], ["ods"]))),
    ...(await convertFlat(flatSlides(3), rows<OfficeExtension>(["ppt"], ["pptx", "odp"]))),
  ];
  for (const [extension, bytes] of made) documents.set(extension, bytes);
});

function bytesOf(extension: Extension): Buffer {
  return documents.get(extension) ?? Buffer.of();
}

function deriveAs(
  bytes: Uint8Array,
  extension: Extension,
  wanted?: readonly DerivativeName[],
): Promise<Derived> {
  return derive(deriver, bytes, TYPES[extension], wanted);
}

function failed(reason: string): Derived["missing"] {
  const names = ["preview", "thumbnail", "text"];
  return Object.fromEntries(names.map((name) => [name, { result: "failed", reason }]));
}

const OTHER = failed("The file isn't a document of the kind that it is said to be.");
const PROTECTED = failed("The document is protected by a password.");
const BROKEN = failed("The document could not be read: it may be damaged, or protected by a password.");

test.each(
  rows<readonly [Extension, number, string]>(
    [
      ["docx", 10, "This is page 10"],
      ["rtf", 1, "This is page 1"],
      ["xlsx", 1, "This is row 20"],
      ["ppt", 3, "This is slide 3"],
    ],
    [
      ["pptx", 3, "This is slide 3"],
      ["doc", 10, "This is page 10"],
      ["ods", 1, "This is row 20"],
      ["odt", 10, "This is page 10"],
      ["xls", 1, "This is row 20"],
      ["odp", 3, "This is slide 3"],
    ],
  ),
)("of %s a PDF is made, a thumbnail and its text", async (extension, pages, words) => {
  const { names, made, mimeTypes, properties } = await deriveAs(bytesOf(extension), extension);
  expect(names).toEqual(["preview", "thumbnail", "text"]);
  expect(properties).toMatchObject({ pages, title: "Offer 7" });
  expect(mimeTypes["preview"]).toBe("application/pdf");
  expect(made.get("text")?.toString()).toContain(words);
  const thumbnail = await sharp(made.get("thumbnail")).metadata();
  expect(thumbnail).toMatchObject({ format: "webp", width: 150, height: 150 });
  const read = await derive(
    new PdfDeriver(sandbox, ALL_TOOLS_THERE),
    made.get("preview") ?? Buffer.of(),
    "application/pdf",
    [],
  );
  expect(read.properties.pages).toBe(pages);
});

test("a table of more pages than anybody looks at is shown in part, and says nothing of their number", async () => {
  const [[, ods] = []] = await convertFlat(flatSheet(201, { pageEach: true }), ["ods"]);
  const { made, properties } = await deriveAs(ods ?? Buffer.of(), "ods", ["preview"]);
  expect(made.has("preview")).toBe(true);
  expect(properties).not.toHaveProperty("pages");
});

describe("what isn't what it is said to be is never opened:", () => {
  test.each<[string, () => Uint8Array, Extension]>([
    ["noise", () => Buffer.alloc(5_000, 0xa7), "docx"],
    ["a text as a Word document", () => Buffer.from("hello"), "doc"],
    ["an old table as a new one", () => bytesOf("xls"), "xlsx"],
    ["a table as a letter", () => bytesOf("xlsx"), "docx"],
    ["a zip of anything", () => zip([{ name: "a.txt", content: Buffer.from("a") }]), "odt"],
    ["RTF as an old document", () => RTF, "doc"],
  ])("%s", async (_what, bytes, extension) => {
    expect((await deriveAs(bytes(), extension)).missing).toEqual(OTHER);
  });
});

test("separated values that Excel calls its own are shown as a table, with their text", async () => {
  const { names, made, mimeTypes } = await deriveAs(Buffer.from("Name;City\nMüller;Köln\n", "latin1"), "xls");
  expect(names).toEqual(["preview", "text", "thumbnail"]);
  expect(mimeTypes["preview"]).toBe("text/html");
  expect(made.get("preview")?.toString()).toContain('<td dir="auto">Köln</td>');
  expect(made.get("text")?.toString()).toBe("Name;City\nMüller;Köln\n");
  const noise = await deriveAs(Buffer.alloc(5_000), "xls");
  expect(noise.missing["preview"]).toEqual({ result: "failed", reason: "The file isn't text." });
});

test("a document under a password says so", async () => {
  const compound = Buffer.concat([
    Buffer.from("d0cf11e0a1b11ae1", "hex"),
    Buffer.alloc(1_000),
    Buffer.from("EncryptedPackage", "utf16le"),
    Buffer.alloc(1_000),
  ]);
  expect((await deriveAs(compound, "docx")).missing).toEqual(PROTECTED);
  const manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>";
  const odt = zip([
    { name: "content.xml", content: Buffer.alloc(10) },
    { name: "META-INF/manifest.xml", content: Buffer.from(manifest) },
  ]);
  expect((await deriveAs(odt, "odt")).missing).toEqual(PROTECTED);
});

describe("a hostile document fails, and the next one doesn't:", () => {
  const docx = (document: Uint8Array) =>
    zip([
      {
        name: "[Content_Types].xml",
        content: Buffer.from(
          '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
            `<Override PartName="/word/document.xml" ContentType="${OOXML}.wordprocessingml.document.main+xml"/></Types>`,
        ),
      },
      {
        name: "_rels/.rels",
        content: Buffer.from(
          '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
            '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" ' +
            'Target="word/document.xml"/></Relationships>',
        ),
      },
      { name: "word/document.xml", content: document },
    ]);
  const body = (text: string) =>
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>' +
    `<w:t>${text}</w:t></w:r></w:p></w:body></w:document>`;

  test("by hand one can be made that is none", async () => {
    const { made } = await deriveAs(docx(Buffer.from(body("Hello"))), "docx", ["text"]);
    expect(made.get("text")?.toString()).toContain("Hello");
  });

  test("entities that multiply", async () => {
    const entity = (name: string, of: string) => `<!ENTITY ${name} "${`&${of};`.repeat(10)}">`;
    const entities = ["b", "c", "d", "e", "f", "g", "h", "i"].map((name, index) =>
      entity(name, "abcdefgh"[index] ?? ""),
    );
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">${entities.join("")}]>${body("&i;")}`;
    const { made } = await deriveAs(docx(Buffer.from(bomb)), "docx", ["text"]);
    expect(made.get("text")?.toString() ?? "").not.toContain("lollol");
  });

  test("more than half a gigabyte, packed into little", async () => {
    const bomb = docx(Buffer.from(body("a")));
    // APPNOTE 4.3.12: in the last entry of the directory, what it unpacks to.
    bomb.writeUInt32LE(540 * 2 ** 20, bomb.lastIndexOf("PK\u0001\u0002") + 24);
    expect((await deriveAs(bomb, "docx")).missing).toEqual(
      failed("The document is too large when it is unpacked."),
    );
  });

  test("one that is cut", async () => {
    const whole = bytesOf("doc");
    expect((await deriveAs(whole.subarray(0, whole.byteLength / 2), "doc")).missing).toEqual(BROKEN);
  });

  test("and after all of them the next is converted", async () => {
    expect((await deriveAs(bytesOf("odt"), "odt")).names).toEqual(["preview", "thumbnail", "text"]);
  });
});

/** A text with one picture, and the files that are in it beside that. */
function withPicture(href: string, files: readonly ZipEntry[]): Buffer {
  const names = ["office", "text", "drawing", "svg-compatible"] as const;
  const prefixes = { office: "office", text: "text", drawing: "draw", "svg-compatible": "svg" } as const;
  const namespaces = names.map(
    (name) => `xmlns:${prefixes[name]}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`,
  );
  const content =
    `<office:document-content ${namespaces.join(" ")} xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    'office:version="1.3"><office:body><office:text><text:p>Before<draw:frame text:anchor-type="as-char" ' +
    `svg:width="5cm" svg:height="5cm"><draw:image xlink:href="${href}" xlink:type="simple" xlink:show="embed" ` +
    'xlink:actuate="onLoad"/></draw:frame></text:p></office:text></office:body></office:document-content>';
  const entry = (path: string, type: string) =>
    `<manifest:file-entry manifest:full-path="${path}" manifest:media-type="${type}"/>`;
  const manifest =
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" ' +
    `manifest:version="1.3">${entry("/", TYPES.odt)}${entry("content.xml", "text/xml")}` +
    `${files.map(({ name }) => entry(name, "image/png")).join("")}</manifest:manifest>`;
  return zip([
    { name: "mimetype", content: Buffer.from(TYPES.odt) },
    { name: "content.xml", content: Buffer.from(content) },
    { name: "META-INF/manifest.xml", content: Buffer.from(manifest) },
    ...files,
  ]);
}

test("a picture of the document's own is shown, one that it links to isn't, though it could be read", async () => {
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#f00" } })
    .png()
    .toBuffer();
  // Any that is where programs may read: LibreOffice itself brings some.
  const folder = "/usr/share/icons/hicolor/128x128/mimetypes";
  const [linked = ""] = (await readdir(folder)).filter((name) => name.endsWith(".png"));
  const own = withPicture("Pictures/a.png", [{ name: "Pictures/a.png", content: picture }]);
  expect(linked).not.toBe("");
  const { made } = await deriveAs(withPicture(`file://${folder}/${linked}`, []), "odt", ["preview", "text"]);
  expect(made.get("text")?.toString()).toContain("Before");
  expect(made.get("preview")?.includes("/Subtype/Image")).toBe(false);
  const shown = await deriveAs(own, "odt", ["preview"]);
  expect(shown.made.get("preview")?.includes("/Subtype/Image")).toBe(true);
});

test("a conversion that hangs ends at its deadline, with a sentence", async () => {
  const hanging: Pick<Sandbox, "run"> = {
    run: (command, scratch, limits, signal) => {
      const isConversion = command.join(" ").includes("document.odt");
      return isConversion
        ? sandbox.run(["sleep", "600"], scratch, { ...limits, timeMs: 100 }, signal)
        : sandbox.run(command, scratch, limits, signal);
    },
  };
  const { missing } = await derive(new OfficeDeriver(hanging, texts), bytesOf("odt"), TYPES.odt);
  expect(missing).toEqual(failed("Converting the document took too long."));
});
