import { extensionOf } from "#contract/endings.ts";
import { AppError } from "#contract/errors.ts";
import type { FileRefusal, FileRule } from "#contract/file-checks.ts";
import { checkName } from "#contract/file-checks.ts";
import type { FileRuleOverrides } from "#contract/file-types.ts";
import { defaultExtension, typeByName } from "#contract/file-types.ts";
import { MAX_ORIGINAL_NAME_LENGTH, normalizeFilename, withEndingOf } from "#contract/names.ts";
import type { Naming } from "../db/versions.ts";

/** How files come to be called: at creation, when they are renamed, and with each new version. */

const CODE_OF_RULE = {
  "extension-blocked": "FILE_TYPE_REFUSED",
  "extension-mismatch": "FILE_TYPE_REFUSED",
  "type-not-allowed": "FILE_TYPE_REFUSED",
  "type-unknown": "FILE_TYPE_REFUSED",
  size: "FILE_TOO_LARGE",
} as const satisfies Record<FileRule, string>;

const FIELD_OF_RULE = {
  "extension-blocked": "filename",
  "extension-mismatch": "filename",
  "type-not-allowed": "filetype",
  "type-unknown": "filetype",
  size: "length",
} as const satisfies Record<FileRule, string>;

const RULES_ARE = "GET /v1/upload-rules says what is accepted.";

/** `FILE_TYPE_REFUSED` or `FILE_TOO_LARGE`, naming the rule and what was against it. */
export function fileRefused({ rule, detail, limitBytes }: FileRefusal): AppError {
  return new AppError(CODE_OF_RULE[rule], {
    detail: FIELD_OF_RULE[rule] === "filetype" ? `${detail} ${RULES_ARE}` : detail,
    errors: [{ path: FIELD_OF_RULE[rule], message: `refused by the rule "${rule}"` }],
    ...(limitBytes === undefined ? {} : { members: { maxSizeBytes: limitBytes } }),
  });
}

/** A declared name as one that every system takes. Throws `FILE_NAME_INVALID` where it can't be made one. */
export function requireFilename(declared: string): string {
  if (declared.length > MAX_ORIGINAL_NAME_LENGTH) {
    throw nameError(`is longer than ${MAX_ORIGINAL_NAME_LENGTH} characters`);
  }
  const name = normalizeFilename(declared);
  if (name === undefined) throw nameError("has nothing in it that can be a name");
  return name;
}

/** The same for a file of a known type. Throws `FILE_TYPE_REFUSED` too, for an ending that it can't have. */
export function requireFilenameOf(mimeType: string, declared: string, overrides: FileRuleOverrides): string {
  const filename = requireFilename(declared);
  const refusal = checkName(filename, mimeType, { declaredName: declared, overrides });
  if (refusal !== undefined) throw fileRefused(refusal);
  return filename;
}

function nameError(message: string): AppError {
  return new AppError("FILE_NAME_INVALID", {
    detail: `The file name ${message}.`,
    errors: [{ path: "filename", message }],
  });
}

/** What a version was declared as. */
type DeclaredVersion = Naming["current"];

/**
 * What a file is called once another version is its current one: as it is, with that version's ending. An ending that it
 * was given by a rename stays, where files of that version's type may have it.
 */
export function nameWithVersion({ filename, current }: Naming, next: DeclaredVersion): string {
  const own = extensionOf(filename);
  const isRenamed = own !== extensionOf(ownNameOf(current));
  const fits = typeByName(next.declaredType, {})?.extensions.includes(own) === true;
  return withEndingOf(filename, isRenamed && fits ? filename : ownNameOf(next));
}

/** The name that a version was taken by, or else one with its type's ending. */
function ownNameOf({ originalFilename, declaredType }: DeclaredVersion): string {
  const own = normalizeFilename(originalFilename) ?? "";
  return extensionOf(own) === "" ? `file${defaultExtension(declaredType)}` : own;
}
