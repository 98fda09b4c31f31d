import { describe, expect, test } from "vitest";
import { findZipFault } from "../../../processor/archives/zip-directory.ts";
import { zip } from "../../support/eicar.ts";
import { forgeries } from "../support/forgeries.ts";
import { ORDINARY_ZIPS, PIPED_ZIP } from "../support/ordinary-zips.ts";
import { forge, type Told } from "../support/zip-forge.ts";

/** The fault, and the ranges that were read for it. */
async function look(bytes: Buffer): Promise<{ fault: string | undefined; ranges: number[] }> {
  const ranges: number[] = [];
  const fault = await findZipFault(bytes.length, async (offset, length) => {
    ranges.push(length);
    return bytes.subarray(offset, offset + length);
  });
  return { fault, ranges };
}

test.each(ORDINARY_ZIPS)("an archive made by %s has no fault", async (_maker, archive) => {
  expect((await look(archive)).fault).toBeUndefined();
});

const CONTENT = Buffer.from("content that hardly gets smaller, with 0123456789 in it");
const FILE = { name: "b.txt", content: CONTENT };
const NONE: Told = { crc: 0, storedBytes: 0, sizeBytes: 0 };
const after = (bytes: number) => ({ both: { flags: 8 }, after: Buffer.alloc(bytes) });

test.each([
  ["as it is", forge([FILE])],
  ["that is stored", forge([{ ...FILE, data: CONTENT, both: { method: 0 } }])],
  ["with a folder", forge([{ name: "d/", content: Buffer.of() }, FILE])],
  ["with padding in its own header", forge([{ ...FILE, local: { extra: Buffer.alloc(4_000) } }])],
  ["with sizes behind it", forge([{ ...FILE, ...after(12), local: NONE }])],
  ["with sizes and a signature behind it", forge([{ ...FILE, ...after(16), local: NONE }])],
  ["with large sizes behind it", forge([{ ...FILE, ...after(20), local: NONE }])],
  ["with large sizes and a signature behind it", forge([{ ...FILE, ...after(24), local: NONE }])],
  ["with sizes before and behind it", forge([{ ...FILE, ...after(16) }])],
  ["that is encrypted, which the scanner tells", zip([FILE], { encrypted: true })],
])("an entry %s has no fault", async (_what, archive) => {
  expect((await look(archive)).fault).toBeUndefined();
});

test("entries in another order than the directory's have no fault", async () => {
  const archive = forge([FILE, { ...FILE, name: "c.txt" }]);
  const at = archive.readUInt32LE(archive.length - 6);
  const second = archive.indexOf("PK\x01\x02", at + 4, "latin1");
  const parts = [[0, at], [second, archive.length - 22], [at, second], [archive.length - 22]];
  const turned = Buffer.concat(parts.map(([from, to]) => archive.subarray(from, to)));
  expect((await look(turned)).fault).toBeUndefined();
});

describe("an entry of which others extract what the scanner passes over, having", () => {
  test.each(forgeries(CONTENT))("%s", async (_what, archive, fault) => {
    expect((await look(archive)).fault).toBe(`Zip.${fault}`);
  });
});

test("an entry without its own header isn't there", async () => {
  const archive = forge([FILE]);
  archive.write("xx");
  expect((await look(archive)).fault).toBe("Zip.Entry.Missing");
});

test("an archive that `zip` makes of a pipe has large sizes, which the scanner doesn't read", async () => {
  expect((await look(PIPED_ZIP)).fault).toBe("Zip.Entry.Large");
});

test("small entries are read together, and large ones passed over", async () => {
  const small = Array.from({ length: 20_000 }, (_, index) => ({ name: `${index}`, content: CONTENT }));
  expect((await look(zip(small))).ranges.length).toBeLessThan(8);
  const data = Buffer.alloc(8_000_000);
  const stored = { content: data, data, both: { method: 0 } };
  const { fault, ranges } = await look(
    forge([
      { ...stored, name: "a" },
      { ...stored, name: "b" },
    ]),
  );
  expect(fault).toBeUndefined();
  expect(ranges.reduce((sum, length) => sum + length)).toBeLessThan(2_000_000);
});
