/** Documents of few parts, by hand: Office Open XML (ECMA-376), and the compound file that one under a password is. */
import { zip, type ZipEntry } from "../eicar.ts";

const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const OPEN_XML = "application/vnd.openxmlformats-officedocument";
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

function part(name: string, content: string): ZipEntry {
  return { name, content: Buffer.from(`${HEAD}${content}`) };
}

/** A letter of one paragraph, with further parts. */
export function docx(words: string, others: readonly ZipEntry[] = [], before = ""): Buffer {
  const main = `${OPEN_XML}.wordprocessingml.document.main+xml`;
  return zip([
    part(
      "[Content_Types].xml",
      `<Types xmlns="${PACKAGE}/content-types"><Default Extension="bin" ContentType="application/octet-stream"/>` +
        `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        `<Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    ),
    part(
      "_rels/.rels",
      `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r" Type="${OFFICE}/officeDocument" ` +
        'Target="word/document.xml"/></Relationships>',
    ),
    part(
      "word/document.xml",
      `${before}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>` +
        `<w:t>${words}</w:t></w:r></w:p></w:body></w:document>`,
    ),
    ...others,
  ]);
}

const SECTOR_BYTES = 512;
const FREE = 0xffffffff;
const END_OF_CHAIN = 0xfffffffe;
const FAT_SECTOR = 0xfffffffd;
const NO_STREAM = 0xffffffff;

/** 2.3.4.10, "agile encryption": version 4.4, and how it was done. */
const ENCRYPTION_INFO = Buffer.concat([
  Buffer.from("0400040040000000", "hex"),
  Buffer.from(
    `${HEAD}<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption"><keyData saltSize="16" ` +
      'blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" ' +
      'hashAlgorithm="SHA512" saltValue="AAAAAAAAAAAAAAAAAAAAAA=="/></encryption>',
  ),
]);

/**
 * A compound file ([MS-CFB]) of two streams, as a document under a password is ([MS-OFFCRYPTO] 2.3.4): what was done to it,
 * and what came of it. Sector 0 is the table of sectors, 1 the directory, 2 to 10 and 11 to 19 the streams.
 */
export function lockedDocument(content: Buffer): Buffer {
  const stream = Buffer.alloc(9 * SECTOR_BYTES);
  content.copy(stream);
  const info = Buffer.alloc(stream.length, 32);
  ENCRYPTION_INFO.copy(info);
  const table = Buffer.alloc(SECTOR_BYTES, 0xff);
  table.writeUInt32LE(FAT_SECTOR, 0);
  table.writeUInt32LE(END_OF_CHAIN, 4);
  for (let sector = 2; sector < 20; sector++) {
    table.writeUInt32LE(sector === 10 || sector === 19 ? END_OF_CHAIN : sector + 1, sector * 4);
  }
  const directory = [
    entry("Root Entry", { type: 5, child: 1, right: NO_STREAM, start: END_OF_CHAIN, sizeBytes: 0 }),
    entry("EncryptionInfo", { type: 2, child: NO_STREAM, right: 2, start: 2, sizeBytes: stream.length }),
    entry("EncryptedPackage", {
      ...{ type: 2, child: NO_STREAM, right: NO_STREAM, start: 11, sizeBytes: stream.length },
    }),
    Buffer.alloc(128),
  ];
  return Buffer.concat([compoundHeader(), table, ...directory, info, stream]);
}

function compoundHeader(): Buffer {
  const header = Buffer.alloc(SECTOR_BYTES);
  Buffer.from("d0cf11e0a1b11ae1", "hex").copy(header);
  header.writeUInt16LE(0x3e, 24);
  header.writeUInt16LE(3, 26);
  header.writeUInt16LE(0xfffe, 28);
  header.writeUInt16LE(9, 30);
  header.writeUInt16LE(6, 32);
  header.writeUInt32LE(1, 44);
  header.writeUInt32LE(1, 48);
  header.writeUInt32LE(4_096, 56);
  header.writeUInt32LE(END_OF_CHAIN, 60);
  header.writeUInt32LE(END_OF_CHAIN, 68);
  header.fill(0xff, 76);
  header.writeUInt32LE(0, 76);
  return header;
}

interface DirectoryEntry {
  readonly type: number;
  readonly child: number;
  readonly right: number;
  readonly start: number;
  readonly sizeBytes: number;
}

function entry(name: string, { type, child, right, start, sizeBytes }: DirectoryEntry): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write(name, "utf16le");
  bytes.writeUInt16LE((name.length + 1) * 2, 64);
  bytes.writeUInt8(type, 66);
  bytes.writeUInt8(1, 67);
  bytes.writeUInt32LE(FREE, 68);
  bytes.writeUInt32LE(right, 72);
  bytes.writeUInt32LE(child, 76);
  bytes.writeUInt32LE(start, 116);
  bytes.writeUInt32LE(sizeBytes, 120);
  return bytes;
}
