import { expect, test } from "vitest";
import { isEncrypted } from "#contract/encrypted-content.ts";
import { compoundFile } from "../support/compound-files.ts";
import { docx } from "../support/documents.ts";
import { zip } from "../support/eicar.ts";
import { makePdf } from "../support/pdfs.ts";

const FILE = { name: "a.txt", content: Buffer.from("hello") };
const compound = (name: string) => compoundFile([{ name, content: Buffer.alloc(1) }]);

test.each([
  ["a zip under a password", zip([FILE], { encrypted: true }), true],
  ["a zip", zip([FILE]), false],
  ["a docx", docx(), false],
  ["a docx under a password", compound("EncryptedPackage"), true],
  ["a doc", compound("WordDocument"), false],
  ["a text of that name", Buffer.from("EncryptedPackage", "utf16le"), false],
  ["a PDF, which the processor looks into", makePdf({ catalog: "/Encrypt << >> " }), false],
  ["the beginning of a zip", Buffer.from("PK\u0003\u0004"), false],
  ["nothing", Buffer.of(), false],
])("%s", (_what, bytes, expected) => {
  expect(isEncrypted(bytes.subarray(0, 4096))).toBe(expected);
});
