/**
 * What may be uploaded: the rules of validation at creation as one table (R23, with the allow-list of R13). A type that
 * is not here is refused; an extension on the blocklist is refused whatever its type says. The processor and the edge
 * check the bytes themselves; this is about what the client declares.
 */

const MIB = 1024 * 1024;

export const FILE_CLASSES = ["document", "image", "video", "audio", "other"] as const;
export type FileClass = (typeof FILE_CLASSES)[number];

/** Largest file of each class, in bytes. A tenant may be given other limits. */
export const CLASS_LIMIT_BYTES: Readonly<Record<FileClass, number>> = {
  document: 100 * MIB,
  image: 50 * MIB,
  video: 500 * MIB,
  audio: 100 * MIB,
  other: 50 * MIB,
};

const TYPES_BY_CLASS: Readonly<Record<FileClass, readonly (readonly [string, ...string[]])[]>> = {
  document: [
    ["application/pdf", "pdf"],
    ["application/msword", "doc"],
    ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
    ["application/vnd.ms-excel", "xls"],
    ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
    ["application/vnd.ms-powerpoint", "ppt"],
    ["application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"],
    ["application/vnd.oasis.opendocument.text", "odt"],
    ["application/vnd.oasis.opendocument.spreadsheet", "ods"],
    ["application/vnd.oasis.opendocument.presentation", "odp"],
    ["application/rtf", "rtf"],
    ["text/rtf", "rtf"],
    ["text/plain", "txt", "log", "text"],
    ["text/csv", "csv"],
    ["text/tab-separated-values", "tsv"],
    ["text/markdown", "md", "markdown"],
    ["text/calendar", "ics"],
    ["text/vcard", "vcf"],
    ["message/rfc822", "eml"],
    ["application/vnd.ms-outlook", "msg"],
    ["application/json", "json"],
    ["application/xml", "xml"],
    ["text/xml", "xml"],
  ],
  image: [
    ["image/jpeg", "jpg", "jpeg"],
    ["image/png", "png"],
    ["image/gif", "gif"],
    ["image/webp", "webp"],
    ["image/avif", "avif"],
    ["image/heic", "heic"],
    ["image/heif", "heif"],
    ["image/tiff", "tif", "tiff"],
    ["image/bmp", "bmp"],
    ["image/svg+xml", "svg"],
  ],
  video: [
    ["video/mp4", "mp4", "m4v"],
    ["video/quicktime", "mov"],
    ["video/webm", "webm"],
    ["video/x-matroska", "mkv"],
    ["video/x-msvideo", "avi"],
    ["video/mpeg", "mpg", "mpeg"],
    ["video/3gpp", "3gp"],
  ],
  audio: [
    ["audio/mpeg", "mp3"],
    ["audio/mp4", "m4a"],
    ["audio/x-m4a", "m4a"],
    ["audio/aac", "aac"],
    ["audio/wav", "wav"],
    ["audio/x-wav", "wav"],
    ["audio/ogg", "ogg", "oga"],
    ["audio/opus", "opus"],
    ["audio/flac", "flac"],
    ["audio/x-flac", "flac"],
    ["audio/webm", "weba"],
  ],
  other: [
    ["application/zip", "zip"],
    ["application/x-zip-compressed", "zip"],
    ["application/gzip", "gz", "tgz"],
    ["application/x-tar", "tar"],
    ["application/x-7z-compressed", "7z"],
  ],
};

/** Extensions of what runs when it is opened: refused under any declared type. */
export const BLOCKED_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "ade adp apk app appx bat chm cmd com cpl dll dmg exe gadget hta inf ins iso isp jar js jse jsp lib lnk mde msc " +
    "msi msix msp mst php pif ps1 ps1xml ps2 psc1 py reg scf scr sct sh shb sys url vb vbe vbs vxd wsc wsf wsh"
  ).split(" "),
);

/** Types of what runs, in a browser or when it is opened: nobody can allow them. */
export const ACTIVE_TYPES: ReadonlySet<string> = new Set(
  (
    "text/html application/xhtml+xml text/javascript application/javascript application/x-javascript " +
    "application/ecmascript text/ecmascript application/wasm application/hta application/x-shockwave-flash " +
    "application/x-msdownload application/x-dosexec application/vnd.microsoft.portable-executable " +
    "application/x-executable application/x-elf application/x-sharedlib application/x-mach-binary " +
    "application/x-msi application/x-ms-installer application/x-ms-shortcut application/x-bat application/x-sh " +
    "application/x-csh text/x-shellscript application/x-httpd-php application/java-archive " +
    "application/java-vm application/vnd.android.package-archive application/x-apple-diskimage " +
    "application/x-iso9660-image"
  ).split(" "),
);

interface FileType {
  readonly mimeType: string;
  readonly fileClass: FileClass;
  readonly extensions: readonly string[];
}

/** What of these rules is otherwise for a tenant (contract/tenants.ts). What runs can't be allowed. */
export interface FileRuleOverrides {
  readonly maxBytes?: Readonly<Partial<Record<FileClass, number | undefined>>> | undefined;
  readonly extraTypes?:
    | readonly {
        readonly type: string;
        readonly fileClass: FileClass;
        readonly extensions: readonly string[];
      }[]
    | undefined;
  readonly refusedTypes?: readonly string[] | undefined;
  readonly blockedExtensions?: readonly string[] | undefined;
}

const TYPES = new Map<string, FileType>();
const TYPE_BY_EXTENSION = new Map<string, FileType>();
for (const fileClass of FILE_CLASSES) {
  for (const [mimeType, ...extensions] of TYPES_BY_CLASS[fileClass]) {
    const type = { mimeType, fileClass, extensions };
    TYPES.set(mimeType, type);
    for (const extension of extensions) {
      TYPE_BY_EXTENSION.set(extension, TYPE_BY_EXTENSION.get(extension) ?? type);
    }
  }
}

/** The allowed types, for documentation and for a file input's `accept`. */
export const ALLOWED_TYPES: readonly string[] = [...TYPES.keys()];

/** The text after the last dot, lower case; empty where there is none. A dot-file has no extension. */
export function extensionOf(filename: string): string {
  const dot = filename.lastIndexOf(".");
  return dot <= 0 ? "" : filename.slice(dot + 1).toLowerCase();
}

/** Characters that are not seen: they must not hide an ending. Zero-width ones are at home in several scripts. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zs}]+/gu;
/** What follows a colon is a stream of the file before it, and some programs end a name at a control character. */
const NAME_ENDS = /[:\p{Cc}\u2028\u2029]/u;

/** Every ending that some system may take a name by: Windows drops dots and spaces at the end. */
function endingsOf(filename: string): readonly string[] {
  const seen = filename.normalize("NFKC").replace(UNSEEN, "");
  return seen.split(NAME_ENDS).map((name) => extensionOf(name.replace(/[./\\*?"<>|]+$/, "")));
}

/** A media type without its parameters, lower case ("text/plain; charset=utf-8" → "text/plain"). */
export function bareMediaType(mediaType: string): string {
  return (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Which of the endings that a name may be taken by isn't accepted; undefined where all are. */
export function blockedEndingOf(filename: string, alsoBlocked: readonly string[] = []): string | undefined {
  return endingsOf(filename).find((ending) => BLOCKED_EXTENSIONS.has(ending) || alsoBlocked.includes(ending));
}

export type FileRule = "extension-blocked" | "type-not-allowed" | "type-unknown" | "size";

export type FileCheck =
  | { readonly accepted: true; readonly mimeType: string; readonly fileClass: FileClass }
  | {
      readonly accepted: false;
      readonly rule: FileRule;
      readonly detail: string;
      /** Of the rule "size": the most that a file of this kind may be. */
      readonly limitBytes?: number;
    };

function refuse(rule: FileRule, detail: string): FileCheck {
  return { accepted: false, rule, detail };
}

function formatMebibytes(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`;
}

export interface FileCheckOptions {
  /** The name as it was declared, where `filename` was made of it: neither may have an ending that is blocked. */
  readonly declaredName?: string | undefined;
  readonly overrides?: FileRuleOverrides | undefined;
}

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
  const blocked = findBlockedEnding([filename, declaredName], overrides);
  if (blocked !== undefined) {
    return refuse("extension-blocked", `Files ending in ".${blocked}" are not accepted.`);
  }
  const bare = bareMediaType(declaredType);
  if (bare !== "" && bare !== "application/octet-stream") {
    return checkType(bare, typeByName(bare, overrides), sizeBytes, overrides);
  }
  const type = typeByExtension(extensionOf(filename), overrides);
  if (type !== undefined) return checkType(type.mimeType, type, sizeBytes, overrides);
  return refuse("type-unknown", "The file has no declared type, and its name has no ending that tells it.");
}

function checkType(
  mimeType: string,
  type: FileType | undefined,
  sizeBytes: number | undefined,
  overrides: FileRuleOverrides,
): FileCheck {
  if (type === undefined || overrides.refusedTypes?.includes(mimeType) === true) {
    return refuse("type-not-allowed", `Files of type ${mimeType} are not accepted.`);
  }
  return checkSize(type, sizeBytes, classLimitBytes(type.fileClass, overrides));
}

function findBlockedEnding(names: readonly string[], overrides: FileRuleOverrides): string | undefined {
  const { blockedExtensions = [] } = overrides;
  return names
    .flatMap(endingsOf)
    .find((ending) => BLOCKED_EXTENSIONS.has(ending) || blockedExtensions.includes(ending));
}

function typeByExtension(extension: string, overrides: FileRuleOverrides): FileType | undefined {
  const extra = extraTypes(overrides).find(({ extensions }) => extensions.includes(extension));
  return extra ?? TYPE_BY_EXTENSION.get(extension);
}

function typeByName(mimeType: string, overrides: FileRuleOverrides): FileType | undefined {
  return extraTypes(overrides).find((type) => type.mimeType === mimeType) ?? TYPES.get(mimeType);
}

function extraTypes({ extraTypes: extra = [] }: FileRuleOverrides): readonly FileType[] {
  return extra
    .filter(({ type }) => !ACTIVE_TYPES.has(type))
    .map(({ type, fileClass, extensions }) => ({ mimeType: type, fileClass, extensions }));
}

/** Largest file of a class, in bytes, for a tenant with these overrides. */
export function classLimitBytes(fileClass: FileClass, { maxBytes }: FileRuleOverrides): number {
  return maxBytes?.[fileClass] ?? CLASS_LIMIT_BYTES[fileClass];
}

function checkSize(type: FileType, sizeBytes: number | undefined, limitBytes: number): FileCheck {
  if (sizeBytes !== undefined && sizeBytes > limitBytes) {
    const detail = `A file of this kind (${type.fileClass}) may be ${formatMebibytes(limitBytes)} at most.`;
    return { accepted: false, rule: "size", detail, limitBytes };
  }
  return { accepted: true, mimeType: type.mimeType, fileClass: type.fileClass };
}

/** The usual ending of a type's files, with its dot; empty for a type that isn't in the table. */
export function defaultExtension(mimeType: string): string {
  const extension = TYPES.get(mimeType)?.extensions[0];
  return extension === undefined ? "" : `.${extension}`;
}
