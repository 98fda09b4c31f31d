import { expect, test } from "vitest";
import { CLASS_LIMIT_BYTES, checkFile, extensionOf } from "#contract/file-types.ts";

const accepted = (mimeType: string, fileClass: string) => ({ accepted: true, mimeType, fileClass });
const refused = (rule: string) => expect.objectContaining({ accepted: false, rule });

test.each([
  ["a.pdf", "application/pdf", accepted("application/pdf", "document")],
  ["a.pdf", "", accepted("application/pdf", "document")],
  ["a.PDF", "application/octet-stream", accepted("application/pdf", "document")],
  ["notes", "text/plain; charset=utf-8", accepted("text/plain", "document")],
  ["a.jpg", "IMAGE/JPEG", accepted("image/jpeg", "image")],
  ["a.mp4", "video/mp4", accepted("video/mp4", "video")],
  ["a.exe", "application/pdf", refused("extension-blocked")],
  ["a.pdf.EXE", "application/pdf", refused("extension-blocked")],
  ["a.exe.", "application/pdf", refused("extension-blocked")],
  ["a.exe. .", "application/pdf", refused("extension-blocked")],
  ["a.exe\u200b", "application/pdf", refused("extension-blocked")],
  ["a.exe:b.txt", "text/plain", refused("extension-blocked")],
  ["a.ｅｘｅ", "text/plain", refused("extension-blocked")],
  ["Meeting 10:30.pdf", "application/pdf", accepted("application/pdf", "document")],
  ["a.html", "text/html", refused("type-not-allowed")],
  ["a.bin", "application/x-msdownload", refused("type-not-allowed")],
  ["a", "", refused("type-unknown")],
  [".exe", "", refused("type-unknown")],
])("%s as %j", (filename, type, expected) => {
  expect(checkFile(filename, type, 1)).toEqual(expected);
});

test.each([
  ["a.pdf", "document", 100],
  ["a.png", "image", 50],
  ["a.mp4", "video", 500],
  ["a.mp3", "audio", 100],
  ["a.zip", "other", 50],
] as const)("%s may be as large as its class, %s", (filename, fileClass, mebibytes) => {
  const limit = mebibytes * 1024 * 1024;
  expect(CLASS_LIMIT_BYTES[fileClass]).toBe(limit);
  expect(checkFile(filename, "", limit).accepted).toBe(true);
  expect(checkFile(filename, "", limit + 1)).toEqual(refused("size"));
});

test("a dot-file has no extension", () => {
  expect(["a.TXT", ".bashrc", "a", "a.tar.gz"].map(extensionOf)).toEqual(["txt", "", "", "gz"]);
});
