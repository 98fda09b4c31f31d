import { BLOCKED_EXTENSIONS } from "./blocked-types.ts";
import { endingsOf, extensionOf, openingEndingOf } from "./endings.ts";
import type { FileClass, FileRuleOverrides, FileType } from "./file-types.ts";
import { bareMediaType, classLimitBytes, typeByExtension, typeByName } from "./file-types.ts";

/**
 * What is declared of a file against the tables of types and of names. A name's ending has to be one of its type's: what is
 * opened is decided by the name, and what is checked by the type.
 */

/** Why a file is refused: a name that no type may have, or that the declared one hasn't; the type; the length. */
export const FILE_RULES = [
  "extension-blocked",
  "extension-mismatch",
  "type-not-allowed",
  "type-unknown",
  "size",
] as const;
export type FileRule = (typeof FILE_RULES)[number];

export interface FileRefusal {
  readonly accepted: false;
  readonly rule: FileRule;
  readonly detail: string;
  /** Of the rule "size": the most that a file of this kind may be. */
  readonly limitBytes?: number;
}

export type FileCheck =
  | { readonly accepted: true; readonly mimeType: string; readonly fileClass: FileClass }
  | FileRefusal;

function refuse(rule: FileRule, detail: string): FileRefusal {
  return { accepted: false, rule, detail };
}

/** In sentences that people read. */
const CLASS_WORDS: Readonly<Record<FileClass, string>> = {
  document: "Documents",
  image: "Images",
  video: "Videos",
  audio: "Sound files",
  other: "Files of this type",
};

const MIB = 1024 * 1024;

function formatMebibytes(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`;
}

export interface FileCheckOptions {
  /** The name as it was declared, where `filename` was made of it: neither may have an ending that is blocked. */
  readonly declaredName?: string | undefined;
  readonly overrides?: FileRuleOverrides | undefined;
}

const UNTOLD_TYPE = "application/octet-stream";

/**
 * Checks a declared file against the table. Without a declared type the extension decides.
 * @param sizeBytes undefined while the length is not known
 */
export function checkFile(
  filename: string,
  declaredType: string,
  sizeBytes?: number,
  { declaredName = filename, overrides = {} }: FileCheckOptions = {},
): FileCheck {
  const blocked = refuseBlocked([filename, declaredName], overrides);
  if (blocked !== undefined) return blocked;
  const bare = bareMediaType(declaredType);
  const isTold = bare !== "" && bare !== UNTOLD_TYPE;
  const type = isTold ? typeByName(bare, overrides) : typeByExtension(extensionOf(filename), overrides);
  if (type === undefined) return isTold ? refuseType(bare) : refuseUntold(bare, extensionOf(filename));
  if (overrides.refusedTypes?.includes(type.mimeType) === true) return refuseType(type.mimeType);
  return refuseEnding(filename, type) ?? checkSize(type, sizeBytes, overrides);
}

/**
 * Checks how a file is called whose type is known: what `checkFile` says of a name, for every name that a file is given
 * later. Undefined where it may be so called.
 */
export function checkName(
  filename: string,
  mimeType: string,
  { declaredName = filename, overrides = {} }: FileCheckOptions = {},
): FileRefusal | undefined {
  const type = typeByName(mimeType, overrides);
  return refuseBlocked([filename, declaredName], overrides) ?? refuseEnding(filename, type);
}

function refuseBlocked(names: readonly string[], { blockedExtensions = [] }: FileRuleOverrides) {
  const blocked = names
    .flatMap(endingsOf)
    .find((ending) => BLOCKED_EXTENSIONS.has(ending) || blockedExtensions.includes(ending));
  if (blocked === undefined) return undefined;
  return refuse("extension-blocked", `Files ending in ".${blocked}" are not accepted.`);
}

function refuseType(mimeType: string): FileRefusal {
  return refuse("type-not-allowed", `Files of type ${mimeType} are not accepted.`);
}

function refuseUntold(declared: string, ending: string): FileRefusal {
  const said = declared === "" ? "The file has no declared type" : `${declared} says nothing of the file`;
  const seen = ending === "" ? "its name has no ending" : `".${ending}" is the ending of no accepted type`;
  return refuse("type-unknown", `${said}, and ${seen}.`);
}

function refuseEnding(filename: string, type: FileType | undefined): FileRefusal | undefined {
  if (type === undefined) return undefined;
  const { mimeType, extensions } = type;
  // Nothing is known of a type that a tenant was allowed without endings, or was once allowed.
  if (extensions.length === 0) return undefined;
  const ending = endingsWithin(filename, mimeType).find((each) => each !== "" && !extensions.includes(each));
  if (ending === undefined) return undefined;
  const wanted = extensions.map((each) => `.${each}`).join(", ");
  return refuse("extension-mismatch", `Files of type ${mimeType} end in ${wanted}, not in ".${ending}".`);
}

/** The endings of a name that have to be its type's. Of texts there are dot-files, such as ".gitignore", that have none. */
function endingsWithin(filename: string, mimeType: string): readonly string[] {
  const isDotFile = filename.lastIndexOf(".") === 0;
  if (isDotFile && mimeType.startsWith("text/")) return [];
  return [extensionOf(filename), openingEndingOf(filename)];
}

function checkSize(type: FileType, sizeBytes: number | undefined, overrides: FileRuleOverrides): FileCheck {
  const limitBytes = classLimitBytes(type.fileClass, overrides);
  if (sizeBytes !== undefined && sizeBytes > limitBytes) {
    const detail = `${CLASS_WORDS[type.fileClass]} may be ${formatMebibytes(limitBytes)} at most.`;
    return { accepted: false, rule: "size", detail, limitBytes };
  }
  return { accepted: true, mimeType: type.mimeType, fileClass: type.fileClass };
}
