import { ACTIVE_TYPES } from "./blocked-types.ts";

/**
 * What may be uploaded: the rules of validation at creation as one table (R23, with the allow-list of R13). A type that
 * is not here is refused. The processor and the edge check the bytes themselves; this is about what the client declares.
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
    ["application/msword", "doc", "dot"],
    ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
    ["application/vnd.ms-excel", "xls", "xlt"],
    ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
    ["application/vnd.ms-powerpoint", "ppt", "pps", "pot"],
    ["application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"],
    ["application/vnd.oasis.opendocument.text", "odt"],
    ["application/vnd.oasis.opendocument.spreadsheet", "ods"],
    ["application/vnd.oasis.opendocument.presentation", "odp"],
    ["application/epub+zip", "epub"],
    ["application/rtf", "rtf"],
    ["text/rtf", "rtf"],
    ["text/plain", "txt", "log", "text"],
    ["text/csv", "csv"],
    ["text/tab-separated-values", "tsv", "tab"],
    ["text/markdown", "md", "markdown"],
    ["text/calendar", "ics", "ical", "ifb"],
    ["text/vcard", "vcf", "vcard"],
    ["message/rfc822", "eml"],
    ["application/vnd.ms-outlook", "msg"],
    ["application/json", "json"],
    ["application/xml", "xml"],
    ["text/xml", "xml"],
  ],
  image: [
    ["image/jpeg", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp"],
    ["image/png", "png"],
    ["image/gif", "gif"],
    ["image/webp", "webp"],
    ["image/avif", "avif"],
    ["image/heic", "heic"],
    ["image/heif", "heif", "hif"],
    ["image/tiff", "tif", "tiff"],
    ["image/bmp", "bmp", "dib"],
    ["image/svg+xml", "svg"],
  ],
  video: [
    ["video/mp4", "mp4", "m4v"],
    ["video/quicktime", "mov", "qt"],
    ["video/webm", "webm"],
    ["video/x-matroska", "mkv"],
    ["video/x-msvideo", "avi"],
    ["video/mpeg", "mpg", "mpeg", "mpe"],
    ["video/3gpp", "3gp", "3gpp"],
  ],
  audio: [
    ["audio/mpeg", "mp3", "mpga"],
    ["audio/mp4", "m4a"],
    ["audio/x-m4a", "m4a"],
    ["audio/aac", "aac"],
    ["audio/wav", "wav", "wave"],
    ["audio/x-wav", "wav", "wave"],
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

/** Endings that files of a type come with too, though by themselves they tell another. */
const OTHER_EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  // What knows no more of a text says this.
  "text/plain": ["csv", "tsv", "tab", "md", "markdown", "ics", "vcf", "eml", "json", "xml"],
  // Windows with Excel tells browsers so.
  "application/vnd.ms-excel": ["csv"],
  "image/heic": ["heif"],
  "image/heif": ["heic"],
  // As browsers record.
  "audio/webm": ["webm"],
  "audio/mp4": ["mp4"],
  "audio/ogg": ["opus"],
  "audio/opus": ["ogg"],
  "video/3gpp": ["mp4"],
};

export interface FileType {
  readonly mimeType: string;
  readonly fileClass: FileClass;
  /** Those that a name of this type may have; the first is the usual one. */
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
    const type = { mimeType, fileClass, extensions: [...extensions, ...(OTHER_EXTENSIONS[mimeType] ?? [])] };
    TYPES.set(mimeType, type);
    for (const extension of extensions) {
      TYPE_BY_EXTENSION.set(extension, TYPE_BY_EXTENSION.get(extension) ?? type);
    }
  }
}

/** A media type without its parameters, lower case ("text/plain; charset=utf-8" → "text/plain"). */
export function bareMediaType(mediaType: string): string {
  return (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** The type that an ending tells, where none is declared. */
export function typeByExtension(extension: string, overrides: FileRuleOverrides): FileType | undefined {
  const extra = extraTypes(overrides).find(({ extensions }) => extensions.includes(extension));
  return extra ?? TYPE_BY_EXTENSION.get(extension);
}

/** A type by its name. A tenant's own has the endings of the usual one of that name too. */
export function typeByName(mimeType: string, overrides: FileRuleOverrides): FileType | undefined {
  const usual = TYPES.get(mimeType);
  const extra = extraTypes(overrides).find((type) => type.mimeType === mimeType);
  if (extra === undefined || usual === undefined) return extra ?? usual;
  return { ...extra, extensions: [...extra.extensions, ...usual.extensions] };
}

function extraTypes({ extraTypes: extra = [] }: FileRuleOverrides): readonly FileType[] {
  return extra
    .filter(({ type }) => !ACTIVE_TYPES.has(type))
    .map(({ type, fileClass, extensions }) => ({ mimeType: type, fileClass, extensions }));
}

/** Every type that is accepted, with its class and its endings, for all tenants or for one. */
export function acceptedTypes(overrides: FileRuleOverrides = {}): readonly FileType[] {
  const names = new Set([...TYPES.keys(), ...extraTypes(overrides).map(({ mimeType }) => mimeType)]);
  return [...names]
    .filter((name) => overrides.refusedTypes?.includes(name) !== true)
    .flatMap((name) => typeByName(name, overrides) ?? []);
}

/** Largest file of a class, in bytes, for a tenant with these overrides. */
export function classLimitBytes(fileClass: FileClass, { maxBytes }: FileRuleOverrides): number {
  return maxBytes?.[fileClass] ?? CLASS_LIMIT_BYTES[fileClass];
}

/** The usual ending of a type's files, with its dot; empty for a type that isn't in the table. */
export function defaultExtension(mimeType: string): string {
  const extension = TYPES.get(mimeType)?.extensions[0];
  return extension === undefined ? "" : `.${extension}`;
}
