import { openPromise, type Entry, type ZipFile } from "yauzl";
import type { OfficeContainer, OfficeType } from "./office-types.ts";
import { containsBytes, readHead } from "./scan-file.ts";

/**
 * What a document turns out to be before a program gets to see it: LibreOffice makes pages of nearly anything, and asks for
 * passwords that nobody is there to type.
 */
export type OfficeContent = "fits" | "other" | "protected" | "too-large" | "broken";

/** A scan of a whole book is smaller; a document of a few KiB that unpacks to more is a bomb. */
const MAX_UNPACKED_BYTES = 512 * 2 ** 20;
const MAX_ENTRIES = 20_000;
const MAX_MANIFEST_BYTES = 2 ** 20;

const OLE_MAGIC = Buffer.from("d0cf11e0a1b11ae1", "hex");
const ZIP_MAGIC = Buffer.from("PK\u0003\u0004", "latin1");
const RTF_MAGIC = Buffer.from("{\\rtf", "latin1");
/** [MS-OFFCRYPTO] 2.3.4.4: the stream that holds what is encrypted, by its name in a compound file's directory. */
const ENCRYPTED_PACKAGE = Buffer.from("EncryptedPackage", "utf16le");

/** Looks whether a file's content is of the type. */
export async function inspectOffice(
  path: string,
  type: OfficeType,
  signal: AbortSignal,
): Promise<OfficeContent> {
  const found = await findContainer(path);
  if (found === "ole" && (await containsBytes(path, ENCRYPTED_PACKAGE, signal))) return "protected";
  const isZip = type.container === "ooxml" || type.container === "odf";
  if (found !== (isZip ? "zip" : type.container)) return "other";
  return isZip ? inspectZip(path, type) : "fits";
}

/** Whether a file begins as any of the documents here do. */
export async function isContainer(path: string): Promise<boolean> {
  return (await findContainer(path)) !== undefined;
}

async function findContainer(path: string): Promise<"zip" | OfficeContainer | undefined> {
  const head = await readHead(path, OLE_MAGIC.length);
  if (head.equals(OLE_MAGIC)) return "ole";
  if (head.subarray(0, ZIP_MAGIC.length).equals(ZIP_MAGIC)) return "zip";
  return head.subarray(0, RTF_MAGIC.length).equals(RTF_MAGIC) ? "rtf" : undefined;
}

async function inspectZip(path: string, { part }: OfficeType): Promise<OfficeContent> {
  try {
    const zip = await openPromise(path, { autoClose: false });
    try {
      return await inspectEntries(zip, part);
    } finally {
      zip.close();
    }
  } catch {
    return "broken";
  }
}

async function inspectEntries(zip: ZipFile, part: string): Promise<OfficeContent> {
  let unpackedBytes = 0;
  let hasPart = false;
  let manifest: Entry | undefined;
  if (zip.entryCount > MAX_ENTRIES) return "too-large";
  for await (const entry of zip.eachEntry()) {
    unpackedBytes += entry.uncompressedSize;
    if (unpackedBytes > MAX_UNPACKED_BYTES) return "too-large";
    if (entry.fileName.startsWith(part)) hasPart = true;
    // OpenDocument 1.4, part 2, 3.16: a document that is encrypted as a whole.
    if (entry.isEncrypted() || entry.fileName === "encrypted-package") return "protected";
    if (entry.fileName === "META-INF/manifest.xml") manifest = entry;
  }
  if (!hasPart) return "other";
  return manifest !== undefined && (await tellsOfEncryption(zip, manifest)) ? "protected" : "fits";
}

/** OpenDocument 1.3, part 2, 4.2: what is encrypted is told in the manifest. */
async function tellsOfEncryption(zip: ZipFile, manifest: Entry): Promise<boolean> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of (await zip.openReadStreamPromise(manifest)) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.byteLength;
    if (length > MAX_MANIFEST_BYTES) break;
  }
  return Buffer.concat(pieces).includes("encryption-data");
}
