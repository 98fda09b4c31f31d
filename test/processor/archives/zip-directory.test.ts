import { describe, expect, test } from "vitest";
import { findZipFault } from "../../../processor/archives/zip-directory.ts";
import { findZipExcess } from "../../../processor/archives/zip-excess.ts";
import { zip } from "../../support/eicar.ts";
import { forge } from "../support/zip-forge.ts";

const ENTRIES = [
  { name: "word/document.xml", content: Buffer.from("<document/>".repeat(50)) },
  { name: "b.txt", content: Buffer.from("more") },
];
const WHOLE = zip(ENTRIES);
const END_BYTES = 22;
const DIRECTORY_AT = WHOLE.readUInt32LE(WHOLE.length - 6);

/** The fault, and the largest range that was read for it. */
async function look(bytes: Buffer): Promise<{ fault: string | undefined; largestBytes: number }> {
  let largestBytes = 0;
  const fault = await findZipFault(bytes.length, async (offset, length) => {
    expect(offset >= 0 && offset + length <= bytes.length, `${offset} + ${length}`).toBe(true);
    largestBytes = Math.max(largestBytes, length);
    return bytes.subarray(offset, offset + length);
  });
  return { fault, largestBytes };
}

async function faultOf(bytes: Buffer): Promise<string | undefined> {
  return (await look(bytes)).fault;
}

function changed(change: (bytes: Buffer) => void, bytes = WHOLE): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

/** A comment at the end, whose length is told. */
function commented(comment: Buffer, bytes = WHOLE): Buffer {
  const told = changed((copy) => copy.writeUInt16LE(comment.length, copy.length - 2), bytes);
  return Buffer.concat([told, comment]);
}

/** The same archive with the records of a large one (4.3.14, 4.3.15), its end telling `told` in each field or only the place. */
function large(told: "both" | "one", change: (end64: Buffer) => void = () => {}): Buffer {
  const end = WHOLE.subarray(-END_BYTES);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  for (const at of [24, 32]) end64.writeBigUInt64LE(BigInt(end.readUInt16LE(10)), at);
  end64.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40);
  end64.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48);
  change(end64);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(WHOLE.length - END_BYTES), 8);
  locator.writeUInt32LE(1, 16);
  const last = changed((copy) => {
    if (told === "one") copy.fill(0xff, 8, 16);
  }, Buffer.from(end));
  return Buffer.concat([WHOLE.subarray(0, -END_BYTES), end64, locator, last]);
}

/** Entries enough for a directory of several pieces. */
function many(entries: number): Buffer {
  return zip(
    Array.from({ length: entries }, (_, index) => ({
      name: `${index}`.padStart(80, "x"),
      content: Buffer.of(),
    })),
  );
}

describe("a directory that can be read", () => {
  test.each([
    ["of an archive", WHOLE],
    ["of an empty one", zip([])],
    ["before a comment", commented(Buffer.from("made by hand"))],
    ["before the longest comment", commented(Buffer.alloc(0xffff, "c"))],
    ["of an archive that says twice where it is", large("both")],
    ["of one that says but its place in the large record alone", large("one")],
    ["of one that has an archive in it", zip([{ name: "in.zip", content: WHOLE }])],
    ["of many entries", many(20_000)],
  ])("%s", async (_what, bytes) => {
    const { fault, largestBytes } = await look(bytes);
    expect(fault).toBeUndefined();
    expect(largestBytes).toBeLessThanOrEqual(1024 * 1024);
  });
});

test("an archive cut anywhere has none", async () => {
  for (const bytes of [WHOLE, commented(Buffer.from("comment")), large("one")]) {
    for (let length = 0; length < bytes.length; length++) {
      expect(await faultOf(bytes.subarray(0, length)), `${length} of ${bytes.length}`).toBe(
        "Zip.Directory.Missing",
      );
    }
  }
});

describe("what doesn't fit its file, or may be taken for another", () => {
  const shifted = Buffer.concat([Buffer.from("MZ and so on"), WHOLE]);
  const DISK = WHOLE.length - 18;
  const COUNT = WHOLE.length - 12;
  const SIZE = WHOLE.length - 10;
  const OFFSET = WHOLE.length - 6;

  test.each([
    ["something before it", shifted, "Broken"],
    ["an archive that is cut before it", Buffer.concat([WHOLE.subarray(0, 90), WHOLE]), "Broken"],
    [
      "an entry before it that it hasn't",
      // As above, with all places made right.
      changed(
        (copy) => {
          for (const at of [90 + DIRECTORY_AT + 42, copy.length - 6])
            copy.writeUInt32LE(copy.readUInt32LE(at) + 90, at);
          const second = copy.indexOf("PK\x01\x02", 90 + DIRECTORY_AT + 4, "latin1") + 42;
          copy.writeUInt32LE(copy.readUInt32LE(second) + 90, second);
        },
        Buffer.concat([WHOLE.subarray(0, 90), WHOLE]),
      ),
      "Incomplete",
    ],
    ["something after it", Buffer.concat([WHOLE, Buffer.from("\0")]), "Missing"],
    ["an end in the comment of another", commented(zip([])), "Ambiguous"],
    [
      "more entries than there are",
      changed((copy) => copy.fill(3, COUNT - 2, COUNT - 1).fill(3, COUNT, COUNT + 1)),
      "Broken",
    ],
    [
      "fewer entries than there are",
      changed((copy) => copy.fill(1, COUNT - 2, COUNT - 1).fill(1, COUNT, COUNT + 1)),
      "Broken",
    ],
    ["another disk", changed((copy) => copy.writeUInt16LE(1, DISK)), "Split"],
    ["entries on another disk", changed((copy) => copy.writeUInt16LE(1, COUNT - 2)), "Split"],
    ["a directory beyond the file", changed((copy) => copy.writeUInt32LE(0xfffffff0, OFFSET)), "OutOfBounds"],
    [
      "a directory larger than the file",
      changed((copy) => copy.writeUInt32LE(0xfffffff0, SIZE)),
      "OutOfBounds",
    ],
    [
      "a directory smaller than it is",
      changed((copy) => copy.writeUInt32LE(copy.readUInt32LE(SIZE) - 1, SIZE)),
      "Broken",
    ],
    ["an entry that isn't one", changed((copy) => copy.write("xx", DIRECTORY_AT)), "Broken"],
    [
      "an entry beyond the directory",
      changed((copy) => copy.writeUInt32LE(DIRECTORY_AT, DIRECTORY_AT + 42)),
      "OutOfBounds",
    ],
    [
      "an entry longer than the file",
      changed((copy) => copy.writeUInt32LE(DIRECTORY_AT, DIRECTORY_AT + 20)),
      "OutOfBounds",
    ],
    [
      "a large record that tells other counts",
      large("both", (end) => end.writeBigUInt64LE(1n, 32)),
      "Ambiguous",
    ],
    [
      "a large record that tells another place",
      large("both", (end) => end.writeBigUInt64LE(0n, 48)),
      "Ambiguous",
    ],
    ["a large record that isn't there", large("one", (end) => end.fill(0, 0, 4)), "Missing"],
    ["a large record of a size beyond numbers", large("one", (end) => end.fill(0xff, 40, 48)), "OutOfBounds"],
    [
      "a large record that alone tells the place",
      changed((copy) => copy.fill(0xff, copy.length - 6, copy.length - 2), large("one")),
      "Large",
    ],
    [
      "something between the directory and its end",
      Buffer.concat([WHOLE.subarray(0, -END_BYTES), Buffer.alloc(40), WHOLE.subarray(-END_BYTES)]),
      "Ambiguous",
    ],
    [
      "more entries than are looked at",
      large("one", (end) => end.writeBigUInt64LE(0x10000n, 32)),
      "TooManyEntries",
    ],
    ["a large record of another disk", large("one", (end) => end.writeUInt32LE(1, 16)), "Split"],
  ])("%s", async (_what, bytes, fault) => {
    expect(await faultOf(bytes)).toBe(`Zip.Directory.${fault}`);
  });
});

test("whatever a byte of the directory is changed to, looking ends with an answer", async () => {
  for (let at = DIRECTORY_AT; at < WHOLE.length; at++) {
    for (const value of [0x00, 0x01, 0x7f, 0xff]) {
      const fault = await faultOf(changed((copy) => copy.fill(value, at, at + 1)));
      expect(fault ?? "Zip.Entry.", `${value} at ${at}`).toMatch(/^Zip\.(?:Directory|Entry)\./);
    }
  }
});

test("a comment with an end record that doesn't fit is two archives to some tools", async () => {
  const record = Buffer.from(WHOLE.subarray(-END_BYTES));
  record.writeUInt16LE(999, 20);
  expect(await faultOf(commented(record))).toBe("Zip.Directory.Ambiguous");
  expect(await faultOf(commented(Buffer.from("PK\x05\x06", "latin1")))).toBe("Zip.Directory.Ambiguous");
});

describe("what a zip unpacks to", () => {
  const excessOf = (bytes: Buffer): Promise<string | undefined> =>
    findZipExcess(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length));
  const MIB = 1024 * 1024;

  test("is told before anybody unpacks it", async () => {
    expect(await excessOf(WHOLE)).toBeUndefined();
    expect(await excessOf(WHOLE.subarray(0, -1))).toBeUndefined();
    const zeros = { name: "zeros", content: Buffer.alloc(30 * MIB) };
    expect(await excessOf(zip([zeros, zeros, zeros]))).toBeUndefined();
    expect(await excessOf(zip([zeros, zeros, zeros, zeros]))).toBe("Zip.Limits.Ratio");
    const large = changed((bytes) => bytes.writeUInt32LE(2_001 * MIB, DIRECTORY_AT + 24));
    expect(await excessOf(large)).toBe("Zip.Limits.Size");
  });

  test("counts what zips in it unpack to, stored or deflated, and in these again", async () => {
    const zeros = { name: "zeros", content: Buffer.alloc(30 * MIB) };
    const bomb = zip([zeros, zeros, zeros, zeros]);
    const harmless = zip([{ name: "zeros", content: Buffer.alloc(MIB) }]);
    const wrap = (content: Buffer, method: 0 | 8) =>
      forge([{ name: "in.zip", content, ...(method === 0 ? { data: content } : {}), both: { method } }]);
    for (const method of [0, 8] as const) {
      expect(await excessOf(wrap(bomb, method))).toBe("Zip.Limits.Ratio");
      expect(await excessOf(wrap(wrap(bomb, 8), method))).toBe("Zip.Limits.Ratio");
      expect(await excessOf(wrap(harmless, method))).toBeUndefined();
      expect(await excessOf(wrap(bomb.subarray(0, -1), method))).toBeUndefined();
    }
  });
});
