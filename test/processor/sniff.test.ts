import { expect, test } from "vitest";
import { Sniffer } from "../../processor/sniff.ts";
import { zip } from "../support/eicar.ts";
import { picture } from "../support/images.ts";

async function sniff(bytes: Uint8Array, chunkBytes = 1024): Promise<string | null> {
  const sniffer = new Sniffer();
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) sniffer.push(bytes.subarray(at, at + chunkBytes));
  return sniffer.detect();
}

const CONTENT_TYPES = Buffer.from(
  `<Types><Override PartName="/word/document.xml" ContentType=` +
    `"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
);
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
// Doesn't deflate, so that what follows it is far from the start.
const NOISE = Uint8Array.from({ length: 20_000 }, (_, index) => (index * index * 31) >> 3);

test.each([
  { what: "nothing", bytes: Buffer.alloc(0), type: null },
  { what: "plain text", bytes: Buffer.from("a,b\n1,2\n"), type: null },
  { what: "a zip", bytes: zip([{ name: "a.txt", content: NOISE }]), type: "application/zip" },
  {
    what: "a docx, which is a zip too",
    bytes: zip([
      { name: "docProps/thumbnail.jpeg", content: NOISE },
      { name: "[Content_Types].xml", content: CONTENT_TYPES },
      { name: "word/document.xml", content: NOISE },
    ]),
    type: DOCX,
  },
  { what: "XML", bytes: Buffer.from('<?xml version="1.0"?><feed/>'), type: "application/xml" },
  { what: "an SVG", bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), type: "image/svg+xml" },
  {
    what: "an SVG after everything that may come before",
    bytes: Buffer.from(
      '\uFEFF<?xml version="1.0"?>\n<!-- a > b -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg width="1"/>',
    ),
    type: "image/svg+xml",
  },
  { what: "HTML with an SVG in it", bytes: Buffer.from("<p><svg></svg></p>"), type: null },
  {
    what: "noise that starts as a zip",
    bytes: Buffer.from("PK\x03\x04\xff\xff\xff"),
    type: "application/zip",
  },
])("$what is $type", async ({ bytes, type }) => {
  expect(await sniff(bytes)).toBe(type);
  expect(await sniff(bytes, 7)).toBe(type);
});

test.each(["png", "webp", "avif", "tiff", "jpeg"] as const)("a picture is image/%s", async (format) => {
  expect(await sniff(await picture(format, 64, 64))).toBe(`image/${format}`);
});

test("blanks without end are told quickly", async () => {
  const startedAt = performance.now();
  expect(await sniff(Buffer.alloc(1024 * 1024, " "))).toBeNull();
  expect(await sniff(Buffer.from("<!--".repeat(20_000)))).toBeNull();
  // By the square it would be minutes.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
