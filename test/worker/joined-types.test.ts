import { expect, test } from "vitest";
import { fileIdOf, metadataHeader, newCaller } from "../support/api.ts";
import { postFinal, uploadPartial } from "../support/concatenation.ts";
import { expectRefusal, expectStored, listedFiles, locationOf } from "../support/tus.ts";

/** More than is looked at of a file's beginning. */
const FILE_BYTES = 6_002;

function beginningWith(text: string): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(FILE_BYTES, 1);
  bytes.write(text, "latin1");
  return bytes;
}

const PROGRAM = beginningWith("MZ\x90\0");
const PDF = beginningWith("%PDF-1.7\n");
const PNG = beginningWith("\x89PNG\r\n\x1a\n");

/** Pieces of these sizes, and the rest as the last one. */
function cut(bytes: Buffer<ArrayBuffer>, sizes: readonly number[]): readonly Buffer<ArrayBuffer>[] {
  const [first, ...others] = sizes;
  if (first === undefined) return [bytes];
  return [bytes.subarray(0, first), ...cut(bytes.subarray(first), others)];
}

const PROGRAM_AS_SOUND = ["a.mp3", PROGRAM] as const;

test.each([
  ["in one piece", ...PROGRAM_AS_SOUND, []],
  ["cut within its first mark", ...PROGRAM_AS_SOUND, [1]],
  ["cut behind nothing and its first mark", ...PROGRAM_AS_SOUND, [0, 1, 1]],
  ["in many pieces", ...PROGRAM_AS_SOUND, Array(30).fill(1)],
  ["as a picture, cut", "a.png", PROGRAM, [1]],
])("tus 82: a program is none of what may be uploaded, %s", async (_what, filename, bytes, sizes) => {
  const caller = await newCaller();
  const partials = [];
  for (const piece of cut(bytes, sizes)) partials.push(await uploadPartial(caller, piece));
  const named = { "upload-metadata": metadataHeader({ filename }) };
  await expectRefusal(await postFinal(caller, partials, named), 415, "FILE_TYPE_MISMATCH");
  expect(await listedFiles(caller)).toEqual([]);
});

test.each([
  ["a PDF cut within its first mark", "a.pdf", PDF, [4]],
  ["a picture whose first mark is in two pieces", "a.png", PNG, Array(10).fill(7)],
  ["a picture of which nothing comes first", "a.png", PNG, [0, 7, 0, 1]],
  ["a picture cut where no more is looked at", "a.png", PNG, [4_096]],
  ["one cut just before", "a.png", PNG, [4_095]],
])("tus 82: %s is what its pieces are together", async (_what, filename, bytes, sizes) => {
  const caller = await newCaller();
  const partials = [];
  for (const piece of cut(bytes, sizes)) partials.push(await uploadPartial(caller, piece));
  const named = { "upload-metadata": metadataHeader({ filename }) };
  const final = await locationOf(postFinal(caller, partials, named));
  await expectStored(caller, fileIdOf(final), bytes);
});
