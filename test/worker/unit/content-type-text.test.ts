import { expect, test } from "vitest";
import { checkContent } from "../../../worker/services/content-type.ts";
import { HEAD_BYTES, bytesOf, padded, utf8, utf16, utf32, JPEG, PNG, RTF, GZIP } from "./content-samples.ts";
import { refusal, TEXT_TYPES } from "./support/declared-types.ts";

test.each<readonly [string, Uint8Array, string | undefined]>([
  ["UTF-8 with its mark", bytesOf("\xEF\xBB\xBF", utf8("é")), undefined],
  ["UTF-16, little-endian", bytesOf("\xFF\xFE", utf16("Hello", true)), undefined],
  ["UTF-16, big-endian", bytesOf("\xFE\xFF", utf16("Hello", false)), undefined],
  ["UTF-32, little-endian", bytesOf("\xFF\xFE\0\0", utf32("Hello", true)), undefined],
  ["UTF-32, big-endian", bytesOf("\0\0\xFE\xFF", utf32("Hello", false)), undefined],
  ["UTF-16 with half a character", bytesOf("\xFF\xFE", utf16("Hello", true), "a"), undefined],
  ["UTF-16 without its mark", utf16("Hello", true), "something else"],
  ["UTF-16 with a NUL", bytesOf("\xFF\xFE", utf16("Hel\0lo", true)), "something else"],
  ["UTF-32 with a NUL", bytesOf("\xFF\xFE\0\0", utf32("Hel\0lo", true)), "something else"],
  ["Latin-1", bytesOf("caf\xE9"), undefined],
  ["Shift JIS", bytesOf("\x83\x65\x83\x58\x83\x67"), undefined],
  ["a NUL", bytesOf("Hello\0"), "something else"],
  ["a control", bytesOf("Hello\x01"), undefined],
  ["DOS's end of file", bytesOf("MAC Address\r\n\x1A"), undefined],
  ["what begins like a picture", utf8("BMW, GIF, and PNG"), undefined],
  ["what begins like a GIF", utf8("GIF89a is a format"), undefined],
  ["a picture", JPEG, "image/jpeg"],
  ["an archive without a NUL", bytesOf("BZh91AY&SY\x01\x02"), "application/x-bzip2"],
  ["PDF, all text", utf8("%PDF-1.4\n1 0 obj"), "application/pdf"],
  ["about PDF", utf8("A file begins with %PDF-1.4"), undefined],
  ["RTF", RTF, "application/rtf"],
])("text: %s", async (_what, bytes, found) => {
  for (const type of TEXT_TYPES) {
    expect(await checkContent(bytes, type, true)).toBe(found && refusal(type, found));
  }
});

const ROOT = '<svg xmlns="http://www.w3.org/2000/svg">';
const DOCTYPE = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"';

test.each<readonly [string, string | Uint8Array, string | undefined]>([
  ["a declaration", `<?xml version="1.0"?>\n${ROOT}`, undefined],
  ["a mark", bytesOf("\xEF\xBB\xBF", utf8(ROOT)), undefined],
  ["UTF-16", bytesOf("\xFF\xFE", utf16(ROOT, true)), undefined],
  ["comments", `<!-- a > b --> <!-- <html> -->${ROOT}`, undefined],
  ["a doctype", `${DOCTYPE}>${ROOT}`, undefined],
  ["a doctype with entities", `${DOCTYPE} [\n<!ENTITY a "b">\n] >\n${ROOT}`, undefined],
  ["a prefix", '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', undefined],
  ["a page's doctype", `<!DOCTYPE html>${ROOT}`, "text/html"],
  ["a page after a comment", "<!-- --><HTML>", "text/html"],
  ["a script", "<script>1</script>", "text/html"],
  ["another root", "<svgx/>", "application/xml"],
  ["a root that isn't first", `<g>${ROOT}`, "application/xml"],
  ["text first", `x${ROOT}`, "text/plain"],
  ["an endless comment", "<!-- ", "application/xml"],
  ["nothing but a declaration", '<?xml version="1.0"?>', "application/xml"],
  ["a NUL", bytesOf(`${ROOT}\0`), "something else"],
  ["compressed", GZIP, "application/gzip"],
  ["PNG", PNG, "image/png"],
])("SVG: %s", async (_what, content, found) => {
  const bytes = typeof content === "string" ? utf8(content) : content;
  expect(await checkContent(bytes, "image/svg+xml", true)).toBe(found && refusal("image/svg+xml", found));
});

test.each([
  ["a comment", "<!--"],
  ["a doctype", `${DOCTYPE} [`],
  ["an entity", `${DOCTYPE} [ <!ENTITY a "`],
  ["white space", "<?xml version='1.0'?>"],
])("an SVG's root may come after the first 4 KiB: %s", async (_what, start) => {
  const head = padded(utf8(start), 0x20);
  expect(await checkContent(head, "image/svg+xml", false)).toBeUndefined();
  expect(await checkContent(head, "image/svg+xml", true)).toBe(refusal("image/svg+xml", "application/xml"));
});

test("an SVG's root may be cut", async () => {
  const head = utf8(`<!--${" ".repeat(HEAD_BYTES - 9)}--><s`).subarray(0, HEAD_BYTES);
  expect(await checkContent(head, "image/svg+xml", false)).toBeUndefined();
  expect(await checkContent(utf8("<g"), "image/svg+xml", true)).toBe(
    refusal("image/svg+xml", "application/xml"),
  );
});

test.each([
  ["many comments", "<!---->".repeat(600)],
  ["an endless doctype", `<!DOCTYPE svg ${"[".repeat(4_000)}`],
  ["many declarations", "<?".repeat(2_048)],
  ["white space", " ".repeat(HEAD_BYTES)],
])("hostile text is no work: %s", async (_what, text) => {
  const startedMs = performance.now();
  for (const type of ["image/svg+xml", "application/pdf"]) await checkContent(utf8(text), type, false);
  // What backtracks takes minutes; a busy machine takes its time.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
