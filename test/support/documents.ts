import { zip } from "./eicar.ts";

/** Documents by hand, with nothing in them but what makes them what they are, and what is put in. */

export const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
export const PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
export const ODT = "application/vnd.oasis.opendocument.text";
export const EPUB = "application/epub+zip";

type Parts = Readonly<Record<string, string | Uint8Array>>;

function pack(parts: Parts): Buffer {
  return zip(Object.entries(parts).map(([name, content]) => ({ name, content: Buffer.from(content) })));
}

/** @param main the type of the main part, without what all begin with */
export function openXml(main: string, parts: Parts = {}, contentTypes = ""): Buffer {
  const prefix = main.startsWith("vnd.") ? "application/" : "application/vnd.openxmlformats-officedocument.";
  return pack({
    "[Content_Types].xml":
      '<?xml version="1.0" encoding="UTF-8"?><Types><Default Extension="xml" ContentType="application/xml"/>' +
      `<Override PartName="/word/document.xml" ContentType="${prefix}${main}"/>${contentTypes}</Types>`,
    "word/document.xml": "<w:document/>",
    ...parts,
  });
}

export function docx(parts: Parts = {}, contentTypes = ""): Buffer {
  return openXml("wordprocessingml.document.main+xml", parts, contentTypes);
}

export function xlsx(parts: Parts = {}, contentTypes = ""): Buffer {
  return openXml("spreadsheetml.sheet.main+xml", parts, contentTypes);
}

/** A docx whose settings have a relation to something elsewhere. */
export function relatedDocx(type: string, target: string): Buffer {
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const relation = `<Relationship Id="rId1" Type="${office}/${type}" Target="${target}" TargetMode="External"/>`;
  return docx({ "word/_rels/settings.xml.rels": `<Relationships>${relation}</Relationships>` });
}

export function odt(parts: Parts = {}): Buffer {
  return pack({
    mimetype: ODT,
    "META-INF/manifest.xml": "<manifest/>",
    "content.xml": "<content/>",
    ...parts,
  });
}

export function epub(parts: Parts = {}): Buffer {
  return pack({
    mimetype: EPUB,
    "META-INF/container.xml": "<container/>",
    "book.xhtml": "<html/>",
    ...parts,
  });
}
