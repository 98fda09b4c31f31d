import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NO_WISHES } from "#contract/wishes.ts";
import { ImageDeriver } from "../../processor/derive/images.ts";
import { isSafeSvg, MAX_SVG_BYTES } from "../../processor/derive/svg.ts";
import { ALL_TOOLS_THERE } from "./support/derive.ts";

function svg(content: string): Buffer {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">${content}</svg>`);
}

test.each([
  '<rect width="5" height="5" fill="red"/>',
  '<g id="a"/><use href="#a"/><use xlink:href = "#a"/>',
  '<rect fill="url(#gradient)" style="mask: url(\'#m\')"/>',
  '<image href="data:image/png;base64,AAAA"/>',
])("%s is safe", (content) => {
  expect(isSafeSvg(svg(content))).toBe(true);
});

test.each([
  "<script>alert(1)</script>",
  "<foreignObject/>",
  '<image href="file:///etc/passwd"/>',
  '<image xlink:href="http://169.254.169.254/"/>',
  "<image href='//example.com/a.png'/>",
  "<image href=a.png />",
  '<image href="&#102;ile:///etc/passwd"/>',
  '<image href="data:image/svg+xml;base64,AAAA"/>',
  '<rect fill="url(http://example.com/a)"/>',
  "<style>@import 'a.css';</style>",
  "<style>rect { fill: u\\72l(http://example.com) }</style>",
  '<g xml:base="http://example.com/"/>',
])("%s is not", (content) => {
  expect(isSafeSvg(svg(content))).toBe(false);
});

test.each([
  ["an entity", Buffer.concat([Buffer.from('<!DOCTYPE svg [<!ENTITY a "b">]>'), svg("&a;")])],
  ["a style sheet", Buffer.concat([Buffer.from('<?xml-stylesheet href="#a"?>'), svg("")])],
  ["another encoding", Buffer.concat([Buffer.from('<?xml version="1.0" encoding="UTF-7"?>'), svg("")])],
  ["UTF-16", Buffer.from("<svg/>", "utf16le")],
  ["bytes that aren't text", Buffer.concat([svg(""), Buffer.from([0xff])])],
])("one with %s is not", (_, bytes) => {
  expect(isSafeSvg(bytes)).toBe(false);
});

test("one over the limit is not", () => {
  const least = svg("").byteLength;
  expect(isSafeSvg(svg(" ".repeat(MAX_SVG_BYTES - least)))).toBe(true);
  expect(isSafeSvg(svg(" ".repeat(MAX_SVG_BYTES - least + 1)))).toBe(false);
});

test("a large one isn't read to be judged", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "causeway-svg-"));
  try {
    const path = join(scratch, "original");
    await writeFile(path, svg(""));
    // All holes, and more than Node reads at once.
    const sizeBytes = 2 ** 32;
    await truncate(path, sizeBytes);
    const run = async () => expect.unreachable("it was drawn");
    const deriver = new ImageDeriver({ run }, ALL_TOOLS_THERE);
    const original = { type: "image/svg+xml", sizeBytes, path, scratch, wishes: NO_WISHES };
    const { value } = await deriver
      .make(original, new Set(["thumbnail"]), new AbortController().signal)
      .next();
    expect(value).toMatchObject({ result: "failed" });
  } finally {
    await rm(scratch, { recursive: true });
  }
});
