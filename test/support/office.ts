import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../../processor/derive/programs.ts";

const run = promisify(execFile);

const NAMES = [
  "office",
  "text",
  "table",
  "draw",
  "style",
  "meta",
  "presentation",
  "script",
  "xlink",
] as const;
const namespaces = NAMES.map((name) =>
  name === "xlink"
    ? 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    : `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name === "draw" ? "drawing" : name}:1.0"`,
).join(" ");

/** An OpenDocument of one XML file (part 3 of the standard): what LibreOffice makes all others of. */
function flat(mimeType: string, body: string, before = ""): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?><office:document ${namespaces} ` +
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" ' +
    'xmlns:dc="http://purl.org/dc/elements/1.1/" ' +
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" ' +
    `office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.${mimeType}">` +
    `<office:meta><dc:title>Offer 7</dc:title></office:meta>${before}` +
    `<office:body>${body}</office:body></office:document>`
  );
}

/** A letter of so many pages. */
export function flatText(pages: number): string {
  const broken =
    '<office:automatic-styles><style:style style:name="P" style:family="paragraph">' +
    '<style:paragraph-properties fo:break-before="page"/></style:style></office:automatic-styles>';
  const lines = Array.from(
    { length: 30 },
    (_, line) => `<text:p>Clause ${line} of a long contract.</text:p>`,
  );
  const page = (number: number) =>
    `<text:p${number > 1 ? ' text:style-name="P"' : ""}>This is page ${number}</text:p>${lines.join("")}`;
  const text = Array.from({ length: pages }, (_, index) => page(index + 1)).join("");
  return flat("text", `<office:text>${text}</office:text>`, broken);
}

/** A table of so many rows (whose style has the one sort of name that LibreOffice takes), each on a page of its own if that is wanted. */
export function flatSheet(rows: number, { pageEach = false } = {}): string {
  const broken =
    '<office:automatic-styles><style:style style:name="ro1" style:family="table-row">' +
    '<style:table-row-properties fo:break-before="page"/></style:style></office:automatic-styles>';
  const cell = (value: string) =>
    `<table:table-cell office:value-type="string"><text:p>${value}</text:p></table:table-cell>`;
  const style = pageEach ? ' table:style-name="ro1"' : "";
  const table = Array.from(
    { length: rows },
    (_, row) => `<table:table-row${style}>${cell(`This is row ${row + 1}`)}${cell("42")}</table:table-row>`,
  );
  return flat(
    "spreadsheet",
    `<office:spreadsheet><table:table table:name="One">${table.join("")}</table:table></office:spreadsheet>`,
    broken,
  );
}

/** A presentation of so many slides. */
export function flatSlides(slides: number): string {
  const page = (number: number) =>
    `<draw:page draw:name="p${number}" draw:master-page-name=""><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" ` +
    `svg:height="5cm"><draw:text-box><text:p>This is slide ${number}</text:p></draw:text-box></draw:frame></draw:page>`;
  const pages = Array.from({ length: slides }, (_, index) => page(index + 1)).join("");
  return flat("presentation", `<office:presentation>${pages}</office:presentation>`);
}

/** Rich Text Format of one page, by hand. */
export const RTF = Buffer.from("{\\rtf1\\ansi{\\info{\\title Offer 7}}This is page 1\\par}");

const FILTERS = {
  doc: "MS Word 97",
  xls: "MS Excel 97",
  ppt: "MS PowerPoint 97",
  docx: "MS Word 2007 XML",
  xlsx: "Calc MS Excel 2007 XML",
  pptx: "Impress MS PowerPoint 2007 XML",
  odt: "writer8",
  ods: "calc8",
  odp: "impress8",
} as const;
export type OfficeExtension = keyof typeof FILTERS;

/** Lets LibreOffice itself make documents of a flat one. */
export async function convertFlat(
  source: string,
  extensions: readonly OfficeExtension[],
): Promise<readonly (readonly [OfficeExtension, Buffer])[]> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-office-"));
  const made: (readonly [OfficeExtension, Buffer])[] = [];
  try {
    await writeFile(join(directory, "a.xml"), source);
    for (const extension of extensions) {
      await run(findProgram("soffice") ?? "", [
        ...[`-env:UserInstallation=file://${directory}/profile`, "--headless"],
        ...["--convert-to", `${extension}:${FILTERS[extension]}`, "--outdir", directory],
        join(directory, "a.xml"),
      ]);
      made.push([extension, await readFile(join(directory, `a.${extension}`))]);
    }
    return made;
  } finally {
    await rm(directory, { recursive: true });
  }
}
