import { fileTypeFromBuffer } from "file-type";
import { FORMATS, type Format, findFormat } from "#contract/content-formats.ts";
import { describeText, isPlainText, isSvg } from "#contract/content-text.ts";
import { type Content, contentOf, findProgram } from "#contract/programs.ts";

/**
 * Whether a file's first bytes can be of its declared type (R24). First, what runs is refused under any type. Then the
 * declared type's line in the table decides: what it must show, or what else it may be. What is inside containers (a
 * docx is a zip) is left to the processor, which reads all of it.
 *
 * The formats of the allow-list are told by our own signatures, since the library inflates gzip and zip to tell theirs,
 * wants more of a file than 4 KiB for some, and takes texts that begin with "BM" or "MAC " for pictures and sound. It
 * recognises what is not on the list, where a type has no signature, and names what is refused.
 */

interface Beginning extends Content {
  readonly isWhole: boolean;
}

interface Rule {
  /** One of these is enough. */
  readonly formats: readonly Format[];
  /** Whether content that shows none of them is acceptable too; `found` is what it was recognised as. */
  readonly allows: (content: Beginning, found: string | undefined) => boolean;
}

function mustShow(...formats: readonly Format[]): Rule {
  return { formats, allows: () => false };
}

/** For types that have no signature, or have it too far behind: whatever isn't recognised as something else. */
function mayShow(formats: readonly Format[], ...libraryNames: readonly string[]): Rule {
  const names: readonly (string | undefined)[] = [undefined, "text/plain", ...libraryNames];
  return { formats, allows: (_content, found) => names.includes(found) };
}

const NAMES_OF_TEXT = /^text\/|^image\/svg\+xml$|^application\/(?:xml|pgp-encrypted)$/;

function isReadable({ text }: Content, found: string | undefined): boolean {
  return !text.includes("\0") && (found === undefined || NAMES_OF_TEXT.test(found));
}

const readable: Rule = { formats: [], allows: isReadable };
const svg: Rule = {
  formats: [],
  allows: ({ text, isWhole }) => isPlainText(text) && isSvg(text, isWhole),
};

// Windows with Excel tells browsers that a CSV is application/vnd.ms-excel.
const excel: Rule = {
  formats: ["cfb"],
  allows: (_content, found) => found === "text/plain",
};

/** Readers look for a PDF's header in the first 1,024 bytes (ISO 32000-1, Annex H, note 13). */
const MAX_PDF_JUNK_BYTES = 1_024;

// What stands before it must not be another format: a file that is two things is opened as the worse one.
const pdf: Rule = {
  formats: ["pdf"],
  allows: ({ bytes }, found) => {
    const offset = bytes.indexOf("%PDF-");
    const isJunk = found === undefined || found === "text/plain" || found === "application/pdf";
    return isJunk && offset >= 0 && offset <= MAX_PDF_JUNK_BYTES;
  },
};

/** For types that a tenant was allowed beside ours: what isn't recognised as something else, or by its suffix (RFC 6838, 4.2.8). */
function extraRule(declaredType: string): Rule {
  if (declaredType.startsWith("text/")) return readable;
  if (declaredType.endsWith("+zip")) return mayShow(["zip"], declaredType);
  if (declaredType.endsWith("+gzip")) return mayShow(["gzip"], declaredType);
  if (declaredType.endsWith("+xml")) return mayShow([], declaredType, "application/xml");
  return mayShow([], declaredType);
}

const OPEN_XML = "application/vnd.openxmlformats-officedocument";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument";

const RULES: ReadonlyMap<string, Rule> = new Map([
  ["application/pdf", pdf],
  ["application/msword", mustShow("cfb")],
  ["application/vnd.ms-excel", excel],
  ["application/vnd.ms-powerpoint", mustShow("cfb")],
  ["application/vnd.ms-outlook", mustShow("cfb")],
  [`${OPEN_XML}.wordprocessingml.document`, mustShow("zip", "cfb")],
  [`${OPEN_XML}.spreadsheetml.sheet`, mustShow("zip", "cfb")],
  [`${OPEN_XML}.presentationml.presentation`, mustShow("zip", "cfb")],
  [`${OPEN_DOCUMENT}.text`, mustShow("zip")],
  [`${OPEN_DOCUMENT}.spreadsheet`, mustShow("zip")],
  [`${OPEN_DOCUMENT}.presentation`, mustShow("zip")],
  ["application/epub+zip", mustShow("zip")],
  ["application/rtf", mustShow("rtf")],
  ["text/rtf", mustShow("rtf")],

  ["text/plain", readable],
  ["text/csv", readable],
  ["text/tab-separated-values", readable],
  ["text/markdown", readable],
  ["text/calendar", readable],
  ["text/vcard", readable],
  ["message/rfc822", readable],
  ["application/json", readable],
  ["application/xml", readable],
  ["text/xml", readable],

  ["image/jpeg", mustShow("jpeg")],
  ["image/png", mustShow("png")],
  ["image/gif", mustShow("gif")],
  ["image/webp", mustShow("webp")],
  ["image/avif", mustShow("isoImage")],
  ["image/heic", mustShow("isoImage")],
  ["image/heif", mustShow("isoImage")],
  ["image/tiff", mustShow("tiff")],
  ["image/bmp", mustShow("bmp")],
  ["image/svg+xml", svg],

  ["video/mp4", mustShow("isoMedia")],
  ["video/quicktime", mustShow("isoMedia")],
  ["video/3gpp", mustShow("isoMedia")],
  ["video/webm", mustShow("matroska")],
  ["video/x-matroska", mustShow("matroska")],
  ["video/x-msvideo", mustShow("avi")],
  ["video/mpeg", mayShow([], "video/mpeg", "video/MP1S", "video/MP2P", "video/mp2t")],

  ["audio/mpeg", mayShow(["id3"], "audio/mpeg", "audio/aac")],
  ["audio/aac", mayShow(["id3", "isoMedia"], "audio/aac", "audio/mpeg")],
  ["audio/mp4", mustShow("isoMedia")],
  ["audio/x-m4a", mustShow("isoMedia")],
  ["audio/wav", mustShow("wav")],
  ["audio/x-wav", mustShow("wav")],
  ["audio/ogg", mustShow("ogg")],
  ["audio/opus", mustShow("ogg")],
  // Some taggers put MP3's tag before the FLAC.
  ["audio/flac", mustShow("flac", "id3")],
  ["audio/x-flac", mustShow("flac", "id3")],
  ["audio/webm", mustShow("matroska")],

  ["application/zip", mustShow("zip")],
  ["application/x-zip-compressed", mustShow("zip")],
  ["application/gzip", mustShow("gzip")],
  ["application/x-tar", mayShow(["tar"])],
  ["application/x-7z-compressed", mustShow("sevenZip")],
]);

/** What content is, as far as it can be told. A text that begins like some binary format is a text. */
async function recognise({ head, bytes, text }: Content): Promise<string | undefined> {
  if (isPlainText(text)) return describeText(text);
  const format = findFormat(bytes);
  if (format !== undefined) return format;
  try {
    return (await fileTypeFromBuffer(head))?.mime;
  } catch {
    // The library reads hostile bytes: what it stumbles over is not recognised.
    return undefined;
  }
}

function formatRefusal(declaredType: string, found: string | undefined): string {
  const known = found !== undefined && found !== declaredType;
  return `The file says it is ${declaredType}, but its content ${known ? `is ${found}` : "is something else"}.`;
}

/**
 * Compares a file's first bytes with its declared type. Never throws.
 * @param head the first 4,096 bytes; fewer only where they are all there is
 * @param declaredType one of the allowed types, or one that the tenant was allowed, without parameters
 * @param isWhole whether the head is the whole file
 * @returns why the bytes can't be of that type, in a sentence, or undefined where they can
 */
export async function checkContent(
  head: Uint8Array,
  declaredType: string,
  isWhole: boolean,
): Promise<string | undefined> {
  if (head.byteLength === 0) return undefined;
  const rule = RULES.get(declaredType) ?? extraRule(declaredType);
  const content = { ...contentOf(head), isWhole };
  const program = findProgram(content, declaredType);
  if (program !== undefined) return formatRefusal(declaredType, program);
  if (rule.formats.some((format) => FORMATS[format].shows(content.bytes))) return undefined;
  const found = await recognise(content);
  return rule.allows(content, found) ? undefined : formatRefusal(declaredType, found);
}
