import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { ActiveContent } from "#contract/active-content.ts";
import { type CompoundEntry, CompoundFile } from "./compound-file.ts";
import type { Findings } from "./findings.ts";
import { matchesIn } from "./matches.ts";
import { lookIntoWorkbook } from "./workbook.ts";

/** Office documents before 2007, Outlook's messages, and newer documents under a password: what is active in them. */

// Names here are in upper case: they are compared without ([MS-CFB] 2.6.4).
const MESSAGE = "__PROPERTIES_VERSION1.0";
const TYPE_BY_STREAM: Readonly<Record<string, string>> = {
  WORDDOCUMENT: "application/msword",
  WORKBOOK: "application/vnd.ms-excel",
  BOOK: "application/vnd.ms-excel",
  "POWERPOINT DOCUMENT": "application/vnd.ms-powerpoint",
  [MESSAGE]: "application/vnd.ms-outlook",
};
/** [MS-OFFCRYPTO] 2.3.4.4. */
const ENCRYPTED_PACKAGE = "ENCRYPTEDPACKAGE";
/** [MS-OVBA] 2.2.1: the storages of a project, in documents and in what is embedded in them. */
const MACRO_NAMES = new Set(["_VBA_PROJECT", "_VBA_PROJECT_CUR", "MACROS"]);
/** [MS-OLEDS] 2.3.6: a file that is packed into the document. */
const PACKAGE_NAMES = new Set(["\u0001OLE10NATIVE", "PACKAGE"]);
/* oxlint-disable no-control-regex -- these are bytes, not characters */
/** [MS-DOC] 2.8.25: a field begins so. In one byte per character, and in two. */
const DDE_FIELD = /\x13\s{0,20}DDE(?:AUTO)?\b|\x13\0(?:\s\0){0,20}D\0D\0E\0/i;
/** [MS-PPT] 2.4.10: VBAInfoContainer and its atom, in which `fHasMacros` isn't 0. */
const SLIDES_MACROS = /\x1f\0\xff\x03\x14\0{3}\x02\0\0\x04\x0c\0{3}[^]{4}\x01\0{3}/;
/* oxlint-enable no-control-regex */
/** [MS-DOC] 2.5.2: the flags of a document, of which this one says that it is encrypted. */
const FLAGS_OFFSET = 10;
const IS_ENCRYPTED = 0x0100;

/** Throws NotLookedThrough. */
export async function lookIntoCompoundFile(path: string): Promise<Findings> {
  const file = await open(path);
  try {
    return await lookInto(await CompoundFile.open(file), path);
  } finally {
    await file.close();
  }
}

async function lookInto(compound: CompoundFile, path: string): Promise<Findings> {
  const entries = new Map(compound.entries.map((entry) => [entry.name.toUpperCase(), entry]));
  if (entries.has(ENCRYPTED_PACKAGE)) return { isEncrypted: true, active: [], isComplete: false };
  const workbook = entries.get("WORKBOOK") ?? entries.get("BOOK");
  const document = entries.get("WORDDOCUMENT");
  const sheets = workbook && (await lookIntoWorkbook(compound, workbook));
  const found = new Set<ActiveContent>([...findByNames(entries), ...(sheets?.active ?? [])]);
  for (const each of await findInText(entries, path)) found.add(each);
  const isLocked = document !== undefined && (await isLockedDocument(compound, document));
  const type = typeOf(entries);
  return {
    type,
    isEncrypted: isLocked || sheets?.isEncrypted === true,
    active: [...found],
    isComplete: type !== undefined && sheets?.isComplete !== false,
  };
}

type Entries = ReadonlyMap<string, CompoundEntry>;

/** A message has what is attached to it in storages of its own. */
function typeOf(entries: Entries): string | undefined {
  if (entries.has(MESSAGE)) return TYPE_BY_STREAM[MESSAGE];
  const stream = Object.keys(TYPE_BY_STREAM).find((name) => entries.has(name));
  return stream && TYPE_BY_STREAM[stream];
}

function findByNames(entries: Entries): readonly ActiveContent[] {
  const names = [...entries.keys()];
  const hasMacros = names.some((name) => MACRO_NAMES.has(name));
  const hasPackages = names.some((name) => PACKAGE_NAMES.has(name));
  return [...(hasMacros ? (["macros"] as const) : []), ...(hasPackages ? (["embedded-files"] as const) : [])];
}

async function findInText(entries: Entries, path: string): Promise<readonly ActiveContent[]> {
  const [hasDde, hasMacros] = await matchesIn(createReadStream(path), [DDE_FIELD, SLIDES_MACROS]);
  const isDde = hasDde === true && entries.has("WORDDOCUMENT");
  const isMacros = hasMacros === true && entries.has("POWERPOINT DOCUMENT");
  return [...(isDde ? (["dde"] as const) : []), ...(isMacros ? (["macros"] as const) : [])];
}

async function isLockedDocument(compound: CompoundFile, document: CompoundEntry): Promise<boolean> {
  const beginning = await compound.readStream(document, FLAGS_OFFSET + 2);
  const flags = beginning.length < FLAGS_OFFSET + 2 ? 0 : beginning.readUInt16LE(FLAGS_OFFSET);
  return (flags & IS_ENCRYPTED) !== 0;
}
