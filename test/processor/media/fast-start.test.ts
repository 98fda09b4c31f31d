import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readFastStart } from "../../../processor/derive/media/fast-start.ts";

/** @param size as its header tells it, where that isn't the truth */
function box(type: string, payloadBytes = 0, size = payloadBytes + 8): Buffer {
  const bytes = Buffer.alloc(8 + payloadBytes);
  bytes.writeUInt32BE(size, 0);
  bytes.write(type, 4, "latin1");
  return bytes;
}

/** With its size in eight bytes. */
function largeBox(type: string, payloadBytes: number, size = BigInt(payloadBytes + 16)): Buffer {
  const bytes = Buffer.concat([box(type, 8, 1), Buffer.alloc(payloadBytes)]);
  bytes.writeBigUInt64BE(size, 8);
  return bytes;
}

async function read(...boxes: readonly Buffer[]): Promise<boolean | undefined> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-boxes-"));
  try {
    const path = join(directory, "file");
    await writeFile(path, Buffer.concat(boxes));
    return await readFastStart(path);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test.each([
  ["the moov first", true, [box("ftyp", 24), box("moov", 100), box("mdat", 100)]],
  ["the mdat first", false, [box("ftyp", 24), box("free"), box("mdat", 100), box("moov", 100)]],
  ["a large mdat first", false, [box("ftyp", 24), largeBox("mdat", 100), box("moov", 100)]],
  ["the moov behind something large", true, [largeBox("free", 100), box("moov", 100)]],
  ["an mdat that goes on to the end", false, [box("ftyp", 24), box("mdat", 100, 0)]],
  ["nothing", undefined, []],
  ["neither", undefined, [box("ftyp", 24), box("free", 24)]],
  ["something else that goes on to the end", undefined, [box("free", 0, 0), box("moov", 100)]],
  ["a box that is shorter than its header", undefined, [box("free", 0, 7), box("moov", 100)]],
  ["a large box that is shorter than its header", undefined, [largeBox("free", 0, 15n), box("moov")]],
  ["a box that is larger than any file", undefined, [largeBox("free", 0, 2n ** 63n), box("moov", 100)]],
  ["a header that is cut off", undefined, [box("ftyp", 24), Buffer.from("moo")]],
  [
    "more boxes than there are in films",
    undefined,
    [...Array.from({ length: 100 }, () => box("free")), box("moov")],
  ],
])("a file with %s: %s", async (_, expected, boxes) => {
  expect(await read(...boxes)).toBe(expected);
});
