import { expect, test } from "vitest";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  headOffset,
  metadataHeader,
  newCaller,
  uploadFile,
} from "../support/api.ts";
import { rows } from "../support/runs.ts";
import {
  changed,
  expectRefusal,
  expectStored,
  listedFiles,
  PART,
  postUpload,
  textOf,
} from "../support/tus.ts";

test.each(rows([0, 1, PART - 1, PART, PART + 1], [2 * PART, 2 * PART + 5]))(
  "%d bytes in one request arrive as they are",
  async (sizeBytes) => {
    const caller = await newCaller();
    const bytes = textOf(sizeBytes);
    await expectStored(caller, await uploadFile(caller, bytes), bytes);
  },
);

test.each(
  rows(
    [
      [5 * 1024 * 1024, 13 * 1024 * 1024],
      [PART - 1, 2 * PART + 3],
    ],
    [
      [PART + 1, 2 * PART + 3],
      [3_000_000, 10_000_000],
    ],
  ),
)("PATCHes of %d bytes make up a file of %d", async (chunkBytes, sizeBytes) => {
  const caller = await newCaller();
  const bytes = textOf(sizeBytes);
  const location = await createUpload(caller, sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const answer = await append(caller, location, offset, bytes.subarray(offset, offset + chunkBytes));
    expect(answer.status).toBe(204);
    expect(answer.headers.get("upload-offset")).toBe(String(Math.min(sizeBytes, offset + chunkBytes)));
  }
  await expectStored(caller, fileIdOf(location), bytes);
});

test("many tiny PATCHes make up a file", async () => {
  const caller = await newCaller();
  const bytes = textOf(300);
  const location = await createUpload(caller, bytes.byteLength);
  for (let offset = 0; offset < bytes.byteLength; offset += 7) {
    expect((await append(caller, location, offset, bytes.subarray(offset, offset + 7))).status).toBe(204);
  }
  await expectStored(caller, fileIdOf(location), bytes);
});

test.each([
  ["no metadata", { "upload-metadata": undefined }, 400, "FILE_NAME_REQUIRED"],
  ["a blank name", { "upload-metadata": metadataHeader({ filename: "  " }) }, 400, "FILE_NAME_REQUIRED"],
  [
    "a name of which nothing is left",
    { "upload-metadata": metadataHeader({ filename: "../.." }) },
    400,
    "FILE_NAME_INVALID",
  ],
  [
    "a name of 1,025 characters",
    { "upload-metadata": metadataHeader({ filename: `${"a".repeat(1_021)}.txt` }) },
    400,
    "FILE_NAME_INVALID",
  ],
  [
    "a program behind a line break",
    { "upload-metadata": metadataHeader({ filename: "a.exe\nb.txt" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
  [
    "a program that reads backwards",
    { "upload-metadata": metadataHeader({ filename: "a\u202etxt.exe" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
  [
    "a program by its shortened name",
    {
      "upload-metadata": metadataHeader({
        filename: `${"a".repeat(251)}.exe${"b".repeat(150)}`,
        filetype: "text/plain",
      }),
    },
    415,
    "FILE_TYPE_REFUSED",
  ],
  ["a program", { "upload-metadata": metadataHeader({ filename: "a.exe" }) }, 415, "FILE_TYPE_REFUSED"],
  [
    "a type that isn't allowed",
    { "upload-metadata": metadataHeader({ filename: "a", filetype: "text/html" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
  [
    "no way to tell the type",
    { "upload-metadata": metadataHeader({ filename: "a" }) },
    415,
    "FILE_TYPE_REFUSED",
  ],
])("a creation with %s is refused before anything is stored", async (_what, change, status, code) => {
  const caller = await newCaller();
  const answer = await postUpload(caller, changed(creationHeaders(10), change));
  await expectRefusal(answer, status, code);
  expect(await listedFiles(caller)).toEqual([]);
});

test("of two PATCHes at the same offset one wins, and the file is whole", async () => {
  const caller = await newCaller();
  const bytes = textOf(3_000_000);
  const location = await createUpload(caller, bytes.byteLength);
  const answers = await Promise.all([append(caller, location, 0, bytes), append(caller, location, 0, bytes)]);
  const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b);
  expect(statuses).toEqual([204, 409]);
  const offset = await headOffset(caller, location);
  if (offset < bytes.byteLength) await append(caller, location, offset, bytes.subarray(offset));
  await expectStored(caller, fileIdOf(location), bytes);
});
