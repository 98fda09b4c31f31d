import { deflateRawSync } from "node:zlib";
import { forge, type ForgedEntry, largeField } from "./zip-forge.ts";

const HARMLESS = { name: "a.txt", content: Buffer.from("hello world ".repeat(20)) };
const NONE_32 = 0xffffffff;

/** Archives with something in them that a scanner passes over and others extract; and the name of their fault. */
export function forgeries(content: Buffer): [what: string, archive: Buffer, fault: string][] {
  const data = deflateRawSync(content);
  const large = { storedBytes: NONE_32, sizeBytes: NONE_32 };
  const sizes = largeField(content.length, data.length);
  const offset = forge([HARMLESS]).readUInt32LE(forge([HARMLESS]).length - 6);
  const of = (told: Partial<ForgedEntry>) => forge([HARMLESS, { name: "e.com", content, ...told }]);
  return [
    ["a stored size of its own", of({ local: { storedBytes: 1 } }), "Entry.Mismatch"],
    ["neither sizes nor a sum", of({ local: { storedBytes: 0, sizeBytes: 0, crc: 0 } }), "Entry.Mismatch"],
    ["a size of its own", of({ local: { sizeBytes: 0 } }), "Entry.Mismatch"],
    ["a sum of its own", of({ local: { crc: 1 } }), "Entry.Mismatch"],
    ["a method of its own", of({ local: { method: 0 } }), "Entry.Mismatch"],
    ["a method that is unknown, of its own", of({ local: { method: 14 } }), "Entry.Mismatch"],
    ["flags of its own", of({ local: { flags: 8 } }), "Entry.Mismatch"],
    ["a name of its own", of({ local: { name: "f.com" } }), "Entry.Mismatch"],
    ["no place in the directory", of({ central: null }), "Directory.Incomplete"],
    ["the place of another", of({ central: { offset: 0 } }), "Directory.Overlap"],
    ["a place where nothing is", of({ central: { offset: offset + 1 } }), "Directory.Incomplete"],
    ["a place within another", of({ central: { offset: 1 } }), "Directory.Overlap"],
    ["something behind it", of({ after: Buffer.alloc(16) }), "Directory.Incomplete"],
    [
      "more behind it than sizes",
      of({ both: { flags: 8 }, after: Buffer.alloc(28) }),
      "Directory.Incomplete",
    ],
    ["nothing behind it where it says so", of({ both: { flags: 8 } }), "Directory.Incomplete"],
    ["LZMA", of({ both: { method: 14 } }), "Entry.Method"],
    ["a method that isn't one", of({ both: { method: 77 } }), "Entry.Method"],
    ["a header that is masked", of({ both: { flags: 0x2000 } }), "Entry.Flags"],
    ["large sizes in its own header", of({ local: { ...large, extra: sizes } }), "Entry.Large"],
    ["large sizes", of({ both: { ...large, extra: sizes } }), "Entry.Large"],
    [
      "large sizes in the directory, and some behind it",
      of({
        ...{ both: { flags: 8 }, after: Buffer.alloc(24) },
        ...{ local: { storedBytes: 0, sizeBytes: 0, crc: 0 }, central: { ...large, extra: sizes } },
      }),
      "Entry.Large",
    ],
    ["a large place", of({ central: { offset: NONE_32, extra: largeField(offset) } }), "Entry.Large"],
    ["the name of a folder", of({ both: { name: "e.com/" } }), "Entry.Sizes"],
    ["data, but no size", of({ both: { sizeBytes: 0 } }), "Entry.Sizes"],
    [
      "two sizes, though it is stored",
      of({ data: content, both: { method: 0, sizeBytes: 1 } }),
      "Entry.Sizes",
    ],
  ];
}
