import { expect, test } from "vitest";
import { AppError } from "#contract/errors.ts";
import type { SharedFile } from "#contract/sharing.ts";
import { problemPage, sharePage } from "../../../worker/pages/share-page.ts";
import { describeType, formatBytes, formatMoment, splitEnding } from "../../../worker/pages/words.ts";

const HOSTILE = `<img src=x onerror=alert(1)>"'&amp;</title></style>\`\${1}`;

const SHARED: SharedFile = {
  passwordRequired: false,
  file: {
    filename: "notes.txt",
    mimeType: "text/plain",
    sizeBytes: 5,
    thumbnailUrl: "http://cw.test/d/x?a=1&b=2",
  },
  expiresAt: "2027-03-03T14:30:00.000Z",
  downloadsLeft: 2,
};

async function render(shared: SharedFile, nonce = "nonce"): Promise<string> {
  return String(await sharePage(shared, undefined, nonce));
}

test("the page of an ordinary file", async () => {
  const page = await render(SHARED);
  expect(page).toContain("<bdi>notes</bdi><bdi>.txt</bdi></h1>");
  expect(page).toContain('src="http://cw.test/d/x?a=1&amp;b=2"');
  expect(page).toContain('<time datetime="2027-03-03T14:30:00.000Z">3 Mar 2027, 14:30 UTC</time>');
});

test("whatever a value is, it is text", async () => {
  const file = { filename: HOSTILE, mimeType: HOSTILE, sizeBytes: 5, thumbnailUrl: HOSTILE };
  const page = await render({ ...SHARED, file, expiresAt: "2027-03-03T14:30:00Z" }, HOSTILE);
  expect(page).not.toContain("<img src=x");
  const tags = (html: string) => html.match(/<\/?[a-z0-9]+/g);
  expect(tags(page)).toEqual(tags(await render(SHARED)));
});

test("what an unknown error says of itself is not on the page", async () => {
  const page = String(await problemPage(new AppError("INTERNAL", { detail: "row 17" }), "nonce"));
  expect(page).toContain("Something went wrong on our side");
  expect(page).not.toContain("row 17");
});

test.each([
  ["a.pdf", "application/pdf", "PDF document"],
  ["a.JPG", "image/jpeg", "JPG image"],
  ["a", "image/jpeg", "Image"],
  ["a.csv", "text/csv", "CSV spreadsheet"],
  ["a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX document"],
  ["a.tar.gz", "application/gzip", "GZ archive"],
  ["a.json", "application/json", "JSON file"],
  ["a.endlessending", "application/octet-stream", "File"],
  ["تقرير.ملف", "text/plain", "File"],
])("%s of type %s is a %s", (filename, mimeType, expected) => {
  expect(describeType(filename, mimeType)).toBe(expected);
});

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1 KB"],
  [1536, "1.5 KB"],
  [1024 * 1000, "1 MB"],
  [150 * 1024 * 1024, "150 MB"],
  [140 * 1024 ** 3, "140 GB"],
])("%i bytes are %s", (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

test("a moment is told in UTC", () => {
  expect(formatMoment("2026-12-31T23:59:59Z")).toBe("31 Dec 2026, 23:59 UTC");
});

test.each([
  ["notes.txt", "notes", ".txt"],
  ["a.tar.gz", "a.tar", ".gz"],
  ["README", "README", ""],
  [".profile", ".profile", ""],
  ["a.", "a.", ""],
  ["تقرير 2026.txt", "تقرير 2026", ".txt"],
])("%s is %s and %s", (filename, stem, ending) => {
  expect(splitEnding(filename)).toEqual([stem, ending]);
});
