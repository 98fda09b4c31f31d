/** Files' beginnings as byte strings (one character per byte), and the signatures that tell formats by them (R24). */

type Test = (bytes: string) => boolean;

export function toByteString(head: Uint8Array): string {
  // Spreading the head takes four times as long.
  return Reflect.apply(String.fromCharCode, undefined, head) as string;
}

/** Where a signature has this, any byte may be. */
const ANY = "?";

function matchesAt(bytes: string, offset: number, signature: string): boolean {
  if (bytes.length < offset + signature.length) return false;
  return signature.split("").every((byte, index) => byte === ANY || byte === bytes[offset + index]);
}

function startsWith(...signatures: readonly string[]): Test {
  return (bytes) => signatures.some((signature) => matchesAt(bytes, 0, signature));
}

/** A little-endian integer; NaN where the bytes end before it. */
function readLittleEndian(bytes: string, offset: number, length: number): number {
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes.charCodeAt(offset + index);
  return value;
}

// ISO/IEC 23008-12 (HEIF), AV1 Image File Format.
const IMAGE_BRANDS = new Set(
  "avif avis mif1 mif2 msf1 miaf heic heix heim heis hevc hevx hevm hevs MA1A MA1B".split(" "),
);
const MAX_BRANDS = 16;

/** The brands of an ISO base media file (ISO/IEC 14496-12, 4.3): the major one, then the compatible ones. */
function readBrands(bytes: string): string[] {
  if (!matchesAt(bytes, 0, "????ftyp")) return [];
  const boxEnd = Math.min(bytes.charCodeAt(2) * 256 + bytes.charCodeAt(3), 16 + 4 * MAX_BRANDS);
  const brands = [bytes.slice(8, 12)];
  for (let offset = 16; offset + 4 <= boxEnd; offset += 4) brands.push(bytes.slice(offset, offset + 4));
  return brands;
}

function isIsoImage(bytes: string): boolean {
  return readBrands(bytes).some((brand) => IMAGE_BRANDS.has(brand));
}

const isIsoBoxes = startsWith(
  ..."ftyp styp moov mdat free skip wide pnot".split(" ").map((box) => `????${box}`),
);

/** Sound and pictures in motion: any other brand, or QuickTime's files, which need not name one. */
function isIsoMedia(bytes: string): boolean {
  return isIsoBoxes(bytes) && !IMAGE_BRANDS.has(readBrands(bytes)[0] ?? "");
}

const TAR_HEADER_BYTES = 512;
const TAR_CHECKSUM = { offset: 148, length: 8 };

/** A tar's first header by its checksum (POSIX 1003.1, pax): the oldest tars have no other mark. */
function isTar(bytes: string): boolean {
  if (bytes.length < TAR_HEADER_BYTES) return false;
  const checksumEnd = TAR_CHECKSUM.offset + TAR_CHECKSUM.length;
  const written = bytes.slice(TAR_CHECKSUM.offset, checksumEnd).match(/[0-7]+/)?.[0];
  const summed = `${bytes.slice(0, TAR_CHECKSUM.offset)}        ${bytes.slice(checksumEnd, TAR_HEADER_BYTES)}`;
  let sum = 0;
  for (let index = 0; index < TAR_HEADER_BYTES; index++) sum += summed.charCodeAt(index);
  return written !== undefined && Number.parseInt(written, 8) === sum;
}

interface FormatRule {
  readonly name: string;
  readonly shows: Test;
}

/** What the allow-list's binary types are made of. */
export const FORMATS = {
  jpeg: { name: "image/jpeg", shows: startsWith("\xFF\xD8\xFF") },
  png: { name: "image/png", shows: startsWith("\x89PNG\r\n\x1A\n") },
  gif: { name: "image/gif", shows: startsWith("GIF87a", "GIF89a") },
  webp: { name: "image/webp", shows: startsWith("RIFF????WEBP") },
  tiff: { name: "image/tiff", shows: startsWith("II*\0", "MM\0*", "II+\0", "MM\0+") },
  // With the size of the header that follows, which is small: "BM" alone begins too many texts.
  bmp: { name: "image/bmp", shows: startsWith("BM?????????????\0\0\0") },
  isoImage: { name: "image/heif", shows: isIsoImage },
  isoMedia: { name: "video/mp4", shows: isIsoMedia },
  matroska: { name: "video/x-matroska", shows: startsWith("\x1A\x45\xDF\xA3") },
  avi: { name: "video/x-msvideo", shows: startsWith("RIFF????AVI ") },
  wav: { name: "audio/wav", shows: startsWith("RIFF????WAVE", "RF64????WAVE", "BW64????WAVE") },
  ogg: { name: "audio/ogg", shows: startsWith("OggS") },
  flac: { name: "audio/flac", shows: startsWith("fLaC") },
  id3: { name: "audio/mpeg", shows: startsWith("ID3?\0") },
  pdf: { name: "application/pdf", shows: startsWith("%PDF-") },
  rtf: { name: "application/rtf", shows: startsWith("{\\rtf") },
  // Word, Excel and PowerPoint before 2007, Outlook's messages, and newer documents under a password (MS-OFFCRYPTO).
  cfb: { name: "application/x-cfb", shows: startsWith("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") },
  zip: {
    name: "application/zip",
    shows: startsWith("PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00PK\x03\x04"),
  },
  gzip: { name: "application/gzip", shows: startsWith("\x1F\x8B\x08") },
  sevenZip: { name: "application/x-7z-compressed", shows: startsWith("7z\xBC\xAF\x27\x1C") },
  tar: { name: "application/x-tar", shows: isTar },
} as const satisfies Record<string, FormatRule>;

export type Format = keyof typeof FORMATS;

/** The name of the first format above that bytes show. */
export function findFormat(bytes: string): string | undefined {
  return Object.values(FORMATS).find(({ shows }) => shows(bytes))?.name;
}

/** A Windows Installer package, patch or transform, by its root storage's class id (000C10xx-…, [MS-CFB] 2.6.1). */
function isInstaller(bytes: string): boolean {
  if (!FORMATS.cfb.shows(bytes)) return false;
  const sectorBytes = 2 ** readLittleEndian(bytes, 30, 2);
  const rootOffset = (readLittleEndian(bytes, 48, 4) + 1) * sectorBytes;
  return matchesAt(bytes, rootOffset + 80, "?\x10\x0C\0\0\0\0\0\xC0\0\0\0\0\0\0F");
}

const ZIP_ENTRY = "PK\x03\x04";
const ZIP_ENTRY_BYTES = 30;

/** The names of a zip's entries, as far as they lie in the bytes (APPNOTE.TXT 4.3.7). */
function readEntryNames(bytes: string): string[] {
  const names: string[] = [];
  let offset = 0;
  while (matchesAt(bytes, offset, ZIP_ENTRY) && offset + ZIP_ENTRY_BYTES <= bytes.length) {
    const nameOffset = offset + ZIP_ENTRY_BYTES;
    const nameEnd = nameOffset + readLittleEndian(bytes, offset + 26, 2);
    names.push(bytes.slice(nameOffset, nameEnd));
    const dataOffset = nameEnd + readLittleEndian(bytes, offset + 28, 2);
    const dataBytes = readLittleEndian(bytes, offset + 18, 4);
    // A size of 0 is an empty entry, or one whose size follows it: the next entry is looked for.
    offset = dataBytes > 0 ? dataOffset + dataBytes : bytes.indexOf(ZIP_ENTRY, dataOffset);
  }
  return names;
}

function hasEntry(...wanted: readonly string[]): Test {
  return (bytes) => readEntryNames(bytes).some((name) => wanted.includes(name));
}

/** What runs, installs or opens something when it is opened: refused under any declared type. */
export const PROGRAMS: readonly FormatRule[] = [
  { name: "application/x-elf", shows: startsWith("\x7FELF") },
  {
    name: "application/x-mach-binary",
    shows: startsWith("\xFE\xED\xFA\xCE", "\xFE\xED\xFA\xCF", "\xCE\xFA\xED\xFE", "\xCF\xFA\xED\xFE"),
  },
  // Java's classes, and Mach-O for several processors.
  { name: "application/java-vm", shows: startsWith("\xCA\xFE\xBA\xBE", "\xCA\xFE\xBA\xBF") },
  { name: "application/vnd.android.dex", shows: startsWith("dex\n0??\0") },
  { name: "application/wasm", shows: startsWith("\0asm") },
  { name: "application/x-ms-shortcut", shows: startsWith("L\0\0\0\x01\x14\x02\0") },
  { name: "application/vnd.ms-htmlhelp", shows: startsWith("ITSF?\0\0\0") },
  { name: "application/x-google-chrome-extension", shows: startsWith("Cr24?\0\0\0") },
  { name: "application/x-msi", shows: isInstaller },
  {
    name: "application/vnd.android.package-archive",
    shows: hasEntry("AndroidManifest.xml", "classes.dex"),
  },
  { name: "application/java-archive", shows: hasEntry("META-INF/MANIFEST.MF") },
  { name: "application/x-xpinstall", shows: hasEntry("META-INF/mozilla.rsa") },
  { name: "application/msix", shows: hasEntry("AppxManifest.xml") },
];

const MAX_PE_OFFSET = 2 ** 28;

/** "MZ" begins every Windows program, and a tar whose first file is so named: that one leads to no PE header. */
function isWindowsProgram(bytes: string): boolean {
  if (!bytes.startsWith("MZ")) return false;
  const peOffset = readLittleEndian(bytes, 60, 4);
  return !isTar(bytes) || (peOffset > 0 && peOffset < MAX_PE_OFFSET);
}

/** As above, but a text may begin so: refused under any type that isn't text. */
export const PROGRAMS_OR_TEXTS: readonly FormatRule[] = [
  { name: "application/x-msdownload", shows: isWindowsProgram },
  { name: "text/x-script", shows: startsWith("#!") },
];
