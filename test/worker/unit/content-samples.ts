/** Beginnings of files of every kind, as small as they can be told apart by. */

export const HEAD_BYTES = 4_096;

/** Strings stand for one byte per character. */
export function bytesOf(...pieces: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    pieces.flatMap((piece) =>
      typeof piece === "string" ? Array.from(piece, (character) => character.charCodeAt(0)) : [...piece],
    ),
  );
}

/** As the head of a file that goes on. */
export function padded(bytes: Uint8Array, filler = 0): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES).fill(filler);
  head.set(bytes.subarray(0, HEAD_BYTES));
  return head;
}

function littleEndian(value: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode((value >>> (8 * index)) & 0xff)).join("");
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

export function utf32(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 4));
  for (let index = 0; index < text.length; index++) {
    view.setUint32(index * 4, text.charCodeAt(index), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

export function zipOf(...entries: readonly (readonly [name: string, data: string])[]): Uint8Array {
  return bytesOf(
    ...entries.map(
      ([name, data]) =>
        `PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0${littleEndian(data.length, 4).repeat(2)}` +
        `${littleEndian(name.length, 2)}\0\0${name}${data}`,
    ),
  );
}

const CFB_MAGIC = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/** A compound file with 512-byte sectors, whose directory is its first. */
export function cfbOf(classId: string): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  head.set(bytesOf(CFB_MAGIC));
  head.set(bytesOf("\x3E\0\x03\0\xFE\xFF\x09\0"), 24);
  head.set(bytesOf(classId), 512 + 80);
  return head;
}

export function tarOf(name: string): Uint8Array {
  const head = new Uint8Array(1_024);
  head.set(bytesOf(name));
  head.set(bytesOf("0000644\x000000000\x000000000\0", "00000000005\0", "14700000000\0", "        0"), 100);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.set(bytesOf(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  head.set(bytesOf("hello"), 512);
  return head;
}

export function isoOf(...brands: readonly string[]): Uint8Array {
  const [major = "", ...compatible] = brands;
  return bytesOf(
    "\0\0\0",
    String.fromCharCode(16 + 4 * compatible.length),
    "ftyp",
    major,
    "\0\0\0\0",
    ...compatible,
  );
}

/** A Windows program as linkers write them: the DOS header leads to the PE header. */
export const EXE = padded(
  bytesOf("MZ\x90\0\x03\0\0\0".padEnd(60, "\0"), littleEndian(0x80, 4), "\0".repeat(64), "PE\0\0\x64\x86"),
);

export const JPEG = bytesOf("\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01");
export const PNG = bytesOf("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1F\x15\xC4\x89");
const WEBP = bytesOf("RIFF\x24\0\0\0WEBPVP8 ");
const TIFF = bytesOf("II*\0\x08\0\0\0\x01\0");
const BMP = bytesOf("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0");
export const PDF = bytesOf("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n");
export const RTF = bytesOf("{\\rtf1\\ansi\\deff0 Hello}");
export const CFB = cfbOf("\x06\x09\x02\0\0\0\0\0\xC0\0\0\0\0\0\0F");
export const ZIP = zipOf(["notes.txt", "hello"]);
export const OOXML = zipOf(["[Content_Types].xml", "<Types/>"], ["word/document.xml", "<w/>"]);
const ODF = zipOf(["mimetype", "application/vnd.oasis.opendocument.text"]);
export const MKV = bytesOf("\x1A\x45\xDF\xA3\x8F\x42\x86\x81\x01\x42\x82\x88matroska");
const WEBM = bytesOf("\x1A\x45\xDF\xA3\x8B\x42\x86\x81\x01\x42\x82\x84webm");
export const AVI = bytesOf("RIFF\x24\0\0\0AVI LIST");
export const WAV = bytesOf("RIFF\x24\0\0\0WAVEfmt ");
export const OGG = bytesOf("OggS\0\x02".padEnd(28, "\0"), "\x01vorbis\0");
const OPUS = bytesOf("OggS\0\x02".padEnd(28, "\0"), "OpusHead");
const FLAC = bytesOf("fLaC\0\0\0\x22\x10\0\x10\0");
const ID3 = bytesOf("ID3\x04\0\0\0\0\x7F\x76TIT2\0\0");
const ADTS = bytesOf("\xFF\xF1\x50\x80\x02\x1F\xFC");
export const GZIP = bytesOf("\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\x48");
export const SEVEN_ZIP = bytesOf("7z\xBC\xAF\x27\x1C\0\x04\x11\x22\x33\x44");
export const MP4 = isoOf("isom", "iso2", "mp41");
export const SVG = utf8('<svg xmlns="http://www.w3.org/2000/svg"/>');
export const HTML = utf8("<!DOCTYPE html>\n<html><script>alert(1)</script></html>");
export const TEXT = utf8("Grüße,\r\n\tein Text\n");
export const UNKNOWN = bytesOf("\x91\x02\x9A\x15\xE0\xB7\x03\x88\x5C\xAA\x17\xF4\x99\x04\xDE\x61");

/** What each type may be; a signature's examples are spoiled one by one to make its refusals. */
export const EXAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  "application/pdf": [PDF],
  "application/msword": [CFB],
  "application/vnd.ms-excel": [CFB],
  "application/vnd.ms-powerpoint": [CFB],
  "application/vnd.ms-outlook": [CFB],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": [OOXML, ZIP, CFB],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": [OOXML, ZIP, CFB],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": [OOXML, ZIP, CFB],
  "application/vnd.oasis.opendocument.text": [ODF, ZIP],
  "application/vnd.oasis.opendocument.spreadsheet": [ODF, ZIP],
  "application/vnd.oasis.opendocument.presentation": [ODF, ZIP],
  "application/epub+zip": [ZIP],
  "application/rtf": [RTF],
  "text/rtf": [RTF],
  "text/plain": [TEXT],
  "text/csv": [utf8("MAC Address,IP\n00:11:22:33:44:55,10.0.0.1\n")],
  "text/tab-separated-values": [utf8("a\tb\n1\t2\n")],
  "text/markdown": [utf8("# Title\n\n<p align=center>Hello</p>\n"), HTML],
  "text/calendar": [utf8("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")],
  "text/vcard": [utf8("BEGIN:VCARD\r\nVERSION:4.0\r\n")],
  "message/rfc822": [utf8("Received: from a by b\r\nSubject: c\r\n\r\n")],
  "application/json": [utf8('{"a":1}')],
  "application/xml": [utf8('<?xml version="1.0"?><a/>'), SVG],
  "text/xml": [utf8("<a/>"), SVG],
  "image/jpeg": [JPEG],
  "image/png": [PNG],
  "image/gif": [bytesOf("GIF89a\x01\0\x01\0"), bytesOf("GIF87a\x01\0\x01\0")],
  "image/webp": [WEBP],
  "image/avif": [isoOf("avif", "mif1"), isoOf("avis"), isoOf("mif1", "avif")],
  "image/heic": [isoOf("heic", "mif1"), isoOf("hevc"), isoOf("mif1", "heic")],
  "image/heif": [isoOf("mif1"), isoOf("heix")],
  "image/tiff": [TIFF, bytesOf("MM\0*\0\0\0\x08"), bytesOf("II+\0\x08\0\0\0")],
  "image/bmp": [BMP],
  "image/svg+xml": [SVG],
  "video/mp4": [MP4, isoOf("M4V "), isoOf("qt  "), isoOf("dash")],
  "video/quicktime": [
    isoOf("qt  "),
    MP4,
    bytesOf("\0\0\0\x08wide\0\0\0\0"),
    bytesOf("\0\0\0\x6Cmoov\0\0\0\x6C"),
  ],
  "video/3gpp": [isoOf("3gp4"), MP4],
  "video/webm": [WEBM, MKV],
  "video/x-matroska": [MKV, WEBM],
  "video/x-msvideo": [AVI],
  "video/mpeg": [
    bytesOf("\0\0\x01\xBA\x44\0\x04\0"),
    bytesOf("\0\0\x01\xB3\x16\0\xF0\x15"),
    bytesOf("G".padEnd(188, "\xFF"), "G"),
    UNKNOWN,
  ],
  "audio/mpeg": [ID3, bytesOf("\xFF\xFB\x90\x64"), ADTS, UNKNOWN],
  "audio/aac": [ADTS, ID3, isoOf("M4A "), UNKNOWN],
  "audio/mp4": [isoOf("M4A "), MP4],
  "audio/x-m4a": [isoOf("M4A "), MP4],
  "audio/wav": [WAV, bytesOf("RF64\xFF\xFF\xFF\xFFWAVEds64")],
  "audio/x-wav": [WAV],
  "audio/ogg": [OGG, OPUS],
  "audio/opus": [OPUS, OGG],
  "audio/flac": [FLAC, ID3],
  "audio/x-flac": [FLAC],
  "audio/webm": [WEBM],
  "application/zip": [ZIP, OOXML, ODF, bytesOf("PK\x05\x06".padEnd(22, "\0"))],
  "application/x-zip-compressed": [ZIP, OOXML],
  "application/gzip": [GZIP],
  "application/x-tar": [
    tarOf("notes.txt"),
    tarOf("BMW.txt"),
    tarOf("MZ.txt"),
    tarOf("MZ".padEnd(80, "z")),
    new Uint8Array(1_024),
    UNKNOWN,
  ],
  "application/x-7z-compressed": [SEVEN_ZIP],
};
