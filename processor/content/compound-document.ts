import { open } from "node:fs/promises";
import type { ActiveContent } from "#contract/active-content.ts";
import { CompoundFile } from "./compound-file.ts";
import type { Findings } from "./findings.ts";
import { matchesIn } from "./matches.ts";
import { lookIntoWorkbook } from "./workbook.ts";

/** Office documents before 2007, Outlook's messages, and newer documents under a password: what is active in them. */

const TYPE_BY_STREAM: Readonly<Record<string, string>> = {
  WordDocument: "application/msword",
  Workbook: "application/vnd.ms-excel",
  Book: "application/vnd.ms-excel",
  "PowerPoint Document": "application/vnd.ms-powerpoint",
  "__properties_version1.0": "application/vnd.ms-outlook",
};
/** [MS-OFFCRYPTO] 2.3.4.4. */
const ENCRYPTED_PACKAGE = "EncryptedPackage";
/** [MS-OVBA] 2.2.1: the storages of a project, in documents and in what is embedded in them. */
const MACRO_NAMES = new Set(["_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros"]);
/** [MS-OLEDS] 2.3.6: a file that is packed into the document. */
const PACKAGE_NAMES = new Set(["\u0001Ole10Native", "Package"]);
/** [MS-DOC] 2.8.25: a field begins so. In one byte per character, and in two. */
const DDE_FIELD = /\x13\s{0,20}DDE(?:AUTO)?\b|\x13\0(?:\s\0){0,20}D\0D\0E\0/i;
/** [MS-PPT] 2.4.10: VBAInfoContainer and its atom, in which `fHasMacros` isn't 0. */
const SLIDES_MACROS = /\x1f\0\xff\x03\x14\0{3}\x02\0\0\x04\x0c\0{3}[^]{4}\x01\0{3}/;
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
  const names = new Map(compound.entries.map((entry) => [entry.name, entry]));
  if (names.has(ENCRYPTED_PACKAGE)) return { isEncrypted: true, active: [], isComplete: false };
  // A message has what is attached to it in storages of its own.
  const isMessage = names.has("__properties_version1.0");
  const [stream] = isMessage
    ? ["__properties_version1.0"]
    : Object.keys(TYPE_BY_STREAM).filter((name) => names.has(name));
  const type = stream === undefined ? undefined : TYPE_BY_STREAM[stream];
  const found = new Set<ActiveContent>();
  if (compound.entries.some(({ name }) => MACRO_NAMES.has(name))) found.add("macros");
  if (compound.entries.some(({ name }) => PACKAGE_NAMES.has(name))) found.add("embedded-files");
  const [hasDde, hasSlidesMacros] = await matchesIn(path, [DDE_FIELD, SLIDES_MACROS]);
  if (hasDde && names.has("WordDocument")) found.add("dde");
  if (hasSlidesMacros && names.has("PowerPoint Document")) found.add("macros");
  const document = names.get("WordDocument");
  const flags = document && (await compound.readStream(document, 12));
  const isLockedDocument = flags?.length === 12 && (flags.readUInt16LE(FLAGS_OFFSET) & IS_ENCRYPTED) !== 0;
  const workbook = names.get("Workbook") ?? names.get("Book");
  const sheets = workbook && (await lookIntoWorkbook(compound, workbook));
  for (const each of sheets?.active ?? []) found.add(each);
  const isEncrypted = isLockedDocument || sheets?.isEncrypted === true;
  const isKnown = type !== undefined;
  return { type, isEncrypted, active: [...found], isComplete: isKnown && sheets?.isComplete !== false };
}
