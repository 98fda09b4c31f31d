import type { ActiveContent } from "#contract/active-content.ts";
import { type Findings, NotLookedThrough } from "./findings.ts";
import { fetchesWhenOpened, hasDde, isRemote } from "./open-xml.ts";
import { readText } from "./read-text.ts";
import { decodeEntities, findTags, readableXml } from "./xml.ts";

/** What is active in files that are XML themselves: drawings (SVG 2), and documents of Office in one file of XML. */

const SCRIPT_ELEMENT = /<(?:[^\s<>:/"'=]*:)?(?:script|foreignObject|handler|listener)(?=[\s/>])/i;
/** An attribute that is run when something happens. */
const EVENT = /[\s"'/]on[a-z]+\s*=\s*["']/i;
/** Elements of pages act wherever they are, whatever they are called here. */
const PAGE_NAMESPACE = /["']\s*http:\/\/www\.w3\.org\/1999\/xhtml\s*["']/i;
/** What makes another document of it. In a drawing, also what only makes it look other: few have it. */
const STYLESHEET = /<\?xml-stylesheet\s/;
/** Browsers take these characters out of an address (URL Standard, 4.4). */
const PROGRAM_ADDRESS = new RegExp(
  `(?:${["javascript", "vbscript"].map((word) => word.split("").join("[\\t\\n\\r]*")).join("|")})[\\t\\n\\r]*:` +
    "|data:(?:text/html|application/xhtml|text/xml|application/xml)",
  "i",
);
const DOCTYPE = "<!DOCTYPE";
const PLAIN_DOCTYPE = /^<!DOCTYPE(?:[^"'<>[]|"[^"]*"|'[^']*')*>/;
const MAX_DOCTYPE_CHARACTERS = 4_000;
/** Declarations, by which a drawing may have anything in it under another name. */
const DECLARATION = /<!(?:ENTITY|ATTLIST|ELEMENT|NOTATION)/;

/** Throws NotLookedThrough. */
export async function lookIntoSvg(path: string): Promise<Findings> {
  const bytes = await readText(path);
  const text = readableXml(bytes);
  const isActive = runs(text) || STYLESHEET.test(bytes.toString("latin1").replaceAll("\0", ""));
  return { type: "image/svg+xml", active: isActive ? ["script"] : [], isComplete: true };
}

function runs(text: string): boolean {
  if (SCRIPT_ELEMENT.test(text) || EVENT.test(text) || hasDeclarations(text)) return true;
  const decoded = decodeEntities(text);
  return PAGE_NAMESPACE.test(decoded) || PROGRAM_ADDRESS.test(decoded);
}

/** Other readers than ours go by them. One document type that only names an external one declares nothing. */
function hasDeclarations(text: string): boolean {
  if (DECLARATION.test(text)) return true;
  const at = text.indexOf(DOCTYPE);
  return at >= 0 && !PLAIN_DOCTYPE.test(text.slice(at, at + MAX_DOCTYPE_CHARACTERS));
}

/** What a browser draws or shows, beside data. */
const SHOWN_NAMESPACE = /["']\s*http:\/\/www\.w3\.org\/(?:1999\/xhtml|2000\/svg)\s*["']/i;
/** Office 2003 XML, Flat OPC (ECMA-376 part 2), flat OpenDocument. */
const MACROS =
  /["']editdata\.mso["']|macrosPresent\s*=\s*["']yes|vbaProject|<(?:[^\s<>:/"'=]*:)?(?:event-listener|library-embedded)[\s/>]/i;
const OBJECTS = /<(?:[^\s<>:/"'=]*:)?(?:docOleData|OLEObject)[\s/>]/;

/** XML that says nothing more of itself may be a document of Office, or a page. Throws NotLookedThrough. */
export async function lookIntoXml(path: string): Promise<Findings> {
  const text = readableXml(await readText(path));
  if (hasDeclarations(text)) throw new NotLookedThrough("declarations of its own");
  const decoded = decodeEntities(text);
  const isShown = SHOWN_NAMESPACE.test(decoded);
  const active = new Set<ActiveContent>();
  if (MACROS.test(decoded)) active.add("macros");
  if (fetchesWhenOpened(text) || hasRemoteTemplate(text)) active.add("external-template");
  if (hasDde(text)) active.add("dde");
  if (OBJECTS.test(text)) active.add("embedded-files");
  if (isShown && (SCRIPT_ELEMENT.test(text) || EVENT.test(text) || PROGRAM_ADDRESS.test(decoded)))
    active.add("script");
  return { active: [...active], isComplete: true };
}

function hasRemoteTemplate(text: string): boolean {
  for (const { attributes } of findTags(text, ["attachedTemplate"])) {
    if (isRemote(attributes.get("val"))) return true;
  }
  return false;
}
