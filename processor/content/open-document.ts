import type { ActiveContent } from "#contract/active-content.ts";
import { type Findings, isLookedThrough } from "./findings.ts";
import { isRemote } from "./open-xml.ts";
import { decodeEntities, decodeXml, findTags } from "./xml.ts";
import type { ZipParts } from "./zip-parts.ts";

/** OpenDocument (ISO/IEC 26300): what it is and what is active in it. */

const MANIFEST = "meta-inf/manifest.xml";
/** LibreOffice writes these for every library, also for an empty one. */
const EMPTY_LIBRARY = /(?:script|dialog)-l[bc]\.xml$/;
const DDE_ELEMENTS = ["dde-source", "dde-connection-decl"];
const FETCHING_ELEMENTS = ["section-source", "object", "object-ole", "floating-frame", "plugin", "applet"];
const FORMULA = /:formula\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/** Throws NotLookedThrough. */
export async function findInOpenDocument(parts: ZipParts, told: string | undefined): Promise<Findings> {
  const { names } = parts;
  const manifest = decodeXml((await parts.read(MANIFEST)) ?? Buffer.of());
  const type = (told ?? readRootType(manifest))?.replace(/-template$/, "");
  const isEncrypted = names.includes("encrypted-package") || manifest.includes("encryption-data");
  if (isEncrypted) return { type, isEncrypted, active: [], isComplete: false };
  const found = new Set<ActiveContent>();
  if (names.some(isMacro)) found.add("macros");
  const isComplete = await isLookedThrough(() => readParts(parts, found));
  return { type, active: [...found], isComplete };
}

/** Whether a part is a macro or a program, by the folders that it is in. */
function isMacro(name: string): boolean {
  const folders = name.split("/");
  const file = folders.pop() ?? "";
  if (file === "") return false;
  return folders.includes("scripts") || (folders.includes("basic") && !EMPTY_LIBRARY.test(file));
}

async function readParts(parts: ZipParts, found: Set<ActiveContent>): Promise<void> {
  for (const name of parts.names.filter((each) => each.endsWith(".xml") && !each.startsWith("meta-inf/"))) {
    const text = decodeXml((await parts.read(name)) ?? Buffer.of());
    if (hasDdeFormula(text) || findTags(text, DDE_ELEMENTS).next().done !== true) found.add("dde");
    if (fetchesWhenOpened(text)) found.add("external-template");
  }
}

function hasDdeFormula(text: string): boolean {
  for (const [, quoted, single = ""] of text.matchAll(FORMULA)) {
    if (/\bDDE\s*\(/i.test(decodeEntities(quoted ?? single))) return true;
  }
  return false;
}

function fetchesWhenOpened(text: string): boolean {
  for (const { attributes } of findTags(text, FETCHING_ELEMENTS)) {
    if (isRemote(attributes.get("href"))) return true;
  }
  return false;
}

/** Where there is no entry for the type: it is the manifest's of the whole (part 2, 4.8.4). */
function readRootType(manifest: string): string | undefined {
  for (const { attributes } of findTags(manifest, ["file-entry"])) {
    if (attributes.get("full-path") === "/") return attributes.get("media-type");
  }
  return undefined;
}
