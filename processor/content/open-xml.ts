import type { ActiveContent } from "#contract/active-content.ts";
import { type Findings, isLookedThrough } from "./findings.ts";
import { decodeXml, findTags } from "./xml.ts";
import type { ZipParts } from "./zip-parts.ts";

/** Office Open XML (ECMA-376): what it is and what is active in it, by the types and relations of its parts. */

const OOXML = "application/vnd.openxmlformats-officedocument";

/** What a document is by the type of its main part; a template is a document. */
const MAIN_TYPES: readonly (readonly [RegExp, string])[] = [
  [/\bms-word\.(?:document|template)\.macroenabled/i, "application/vnd.ms-word.document.macroenabled.12"],
  [/\bms-excel\.sheet\.binary\.macroenabled/i, "application/vnd.ms-excel.sheet.binary.macroenabled.12"],
  [/\bms-excel\.(?:sheet|template|addin)\.macroenabled/i, "application/vnd.ms-excel.sheet.macroenabled.12"],
  [
    /\bms-powerpoint\.(?:presentation|slideshow|template|addin)\.macroenabled/i,
    "application/vnd.ms-powerpoint.presentation.macroenabled.12",
  ],
  [/\bwordprocessingml\.(?:document|template)\.main\+xml$/i, `${OOXML}.wordprocessingml.document`],
  [/\bspreadsheetml\.(?:sheet|template)\.main\+xml$/i, `${OOXML}.spreadsheetml.sheet`],
  [
    /\bpresentationml\.(?:presentation|slideshow|template)\.main\+xml$/i,
    `${OOXML}.presentationml.presentation`,
  ],
];

const MACRO_TYPE = /vbaproject|macrosheet/i;
const MACRO_NAME =
  /(?:^|\/)vba\w*\.bin$|\/macrosheets\/|\/embeddings\/[^/]*\.(?:docm|dotm|xlsm|xltm|xlsb|pptm|ppsm)$/;
const OBJECT_NAME = /\/embeddings\/[^/]*\.bin$/;
/** Relations that are followed when the document is opened; a hyperlink waits for a click. */
const FOLLOWED = /\/(?:attachedTemplate|oleObject|frame|subDocument|package|control|aFChunk)$/i;
/** On the reader's own disk, where every template of an office is. */
const LOCAL_TARGET = /^(?:file:\/{3})?[a-z]:[\\/]/i;
const REMOTE_TARGET = /^(?:[a-z][a-z0-9+.-]*:|\\\\|\/\/)/i;
const DDE_FIELD = /^\s*DDE(?:AUTO)?\b/i;
/** Of a field that is in pieces: its first word is all that is asked for, and more than is kept isn't looked at again. */
const FIELD_CHARACTERS = 64;

interface Types {
  readonly main: string | undefined;
  readonly hasMacros: boolean;
  readonly isXml: (name: string) => boolean;
}

/** Throws NotLookedThrough where not even its type can be told. */
export async function findInOpenXml(parts: ZipParts, contentTypes: string): Promise<Findings> {
  const types = readTypes(decodeXml((await parts.read(contentTypes)) ?? Buffer.of()));
  const found = new Set<ActiveContent>();
  if (types.hasMacros || parts.names.some((name) => MACRO_NAME.test(name))) found.add("macros");
  if (parts.names.some((name) => OBJECT_NAME.test(name))) found.add("embedded-files");
  const isComplete = await isLookedThrough(() => readParts(parts, types, found));
  return { type: types.main, active: [...found], isComplete };
}

async function readParts(parts: ZipParts, { isXml }: Types, found: Set<ActiveContent>): Promise<void> {
  for (const name of parts.names) {
    const isRelations = name.endsWith(".rels");
    if (!isRelations && !isXml(name)) continue;
    const text = decodeXml((await parts.read(name)) ?? Buffer.of());
    if (isRelations && fetchesWhenOpened(text)) found.add("external-template");
    if (!isRelations && hasDde(text)) found.add("dde");
  }
}

/** ECMA-376 part 2, 7.2.3: types by part, and by ending. */
function readTypes(text: string): Types {
  const xmlParts = new Set<string>();
  const xmlEndings = new Set(["xml"]);
  const told: string[] = [];
  for (const { attributes } of findTags(text, ["Override", "Default"])) {
    const type = attributes.get("ContentType") ?? "";
    told.push(type);
    if (!/xml$/i.test(type)) continue;
    const part = attributes.get("PartName")?.replace(/^\//, "").toLowerCase();
    if (part !== undefined) xmlParts.add(part);
    xmlEndings.add((attributes.get("Extension") ?? "xml").toLowerCase());
  }
  return {
    main: MAIN_TYPES.find(([pattern]) => told.some((type) => pattern.test(type)))?.[1],
    hasMacros: told.some((type) => MACRO_TYPE.test(type)),
    isXml: (name) => xmlParts.has(name) || xmlEndings.has(name.slice(name.lastIndexOf(".") + 1)),
  };
}

export function fetchesWhenOpened(text: string): boolean {
  for (const { attributes } of findTags(text, ["Relationship"])) {
    const isExternal = attributes.get("TargetMode")?.trim().toLowerCase() === "external";
    const isFollowed = isExternal && FOLLOWED.test(attributes.get("Type")?.trim() ?? "");
    if (isFollowed && isRemote(attributes.get("Target"))) return true;
  }
  return false;
}

/** Whether an address is another machine's. */
export function isRemote(address = ""): boolean {
  const trimmed = address.trim();
  return REMOTE_TARGET.test(trimmed) && !LOCAL_TARGET.test(trimmed);
}

/** ECMA-376 part 1, 17.16.5 and 18.14.4: fields of Word, whose words may be in pieces, and links of Excel. */
export function hasDde(text: string): boolean {
  if (text.includes("ddeLink") && !findTags(text, ["ddeLink"]).next().done) return true;
  if (!text.includes("instrText") && !text.includes("fldSimple")) return false;
  let field = "";
  for (const { name, attributes, text: words } of findTags(text, ["instrText", "fldSimple", "fldChar"])) {
    if (name === "instrText") {
      field = (field + words).trimStart().slice(0, FIELD_CHARACTERS);
      continue;
    }
    if (DDE_FIELD.test(field) || DDE_FIELD.test(attributes.get("instr") ?? "")) return true;
    field = "";
  }
  return DDE_FIELD.test(field);
}
