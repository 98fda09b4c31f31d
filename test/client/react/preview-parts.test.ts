import { expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import { parseTable } from "../../../client/react/preview/csv.ts";
import { htmlOfMarkdown } from "../../../client/react/preview/markdown-html.ts";
import { placeAmong } from "../../../client/react/preview/neighbours.ts";
import { previewKindOf } from "../../../client/react/preview/preview-kind.ts";
import { piecesOf, readBeginning } from "../../../client/react/preview/text-pieces.ts";
import { storedFile } from "./files/stored-files.ts";

test("Markdown is read, unless its reader throws at it, or would take as long as somebody likes", () => {
  expect(htmlOfMarkdown("# Minutes\n\n| a | b |\n|---|---|\n| *1* | 2 |")).toContain("<em>1</em>");
  expect(htmlOfMarkdown("> > - a")).toContain("<blockquote>");
  const hard = [">".repeat(3_000), `${"- ".repeat(3_000)}a`, "_a".repeat(500_000), "_a".repeat(16_000)];
  for (const text of [...hard, `${"a|".repeat(200)}\n${"-|".repeat(200)}`]) {
    expect(htmlOfMarkdown(text)).toBeUndefined();
  }
  // Its expression for bare addresses took 7 s for this.
  const startMs = performance.now();
  htmlOfMarkdown(`${"a.".repeat(16_000)}@`);
  expect(performance.now() - startMs).toBeLessThan(2_000);
  expect(htmlOfMarkdown("*a*", -1)).toBeUndefined();
});

test("a table is as large as can be drawn, and says when there is more", () => {
  expect(parseTable("a;b\n1;2\n")).toEqual({
    rows: [
      ["a", "b"],
      ["1", "2"],
    ],
    isCut: false,
  });
  const wide = parseTable(`${"a,".repeat(100_000)}\nb,c\n`);
  expect(wide.rows.map((row) => row.length)).toEqual([100, 2]);
  expect(wide.isCut).toBe(true);
  const large = parseTable(`${"a,".repeat(99)}a\n`.repeat(400));
  expect(large).toMatchObject({ isCut: true });
  expect(large.rows).toHaveLength(200);
  expect(parseTable(`a,${"b".repeat(2_000)}`)).toMatchObject({
    rows: [["a", "b".repeat(1_000)]],
    isCut: true,
  });
});

test("a text's pieces end with lines, and with letters where these are too long", () => {
  expect(piecesOf("one\ntwo\nthree\n", 9)).toEqual(["one\ntwo\n", "three\n"]);
  expect(piecesOf("abcdef", 4)).toEqual(["abcd", "ef"]);
  expect(piecesOf("abc😀d", 4)).toEqual(["abc", "😀d"]);
  expect(piecesOf("", 4)).toEqual([]);
});

test("no more of a body is read than is wanted", async () => {
  let asked = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      asked += 1;
      controller.enqueue(new Uint8Array(60).fill(97));
    },
  });
  const { bytes, isCut } = await readBeginning(new Response(endless), 100);
  expect([bytes.length, isCut]).toEqual([100, true]);
  expect(asked).toBeLessThan(5);
  expect(await readBeginning(new Response("a".repeat(100)), 100)).toMatchObject({ isCut: false });
  expect((await readBeginning(new Response(null), 100)).bytes).toHaveLength(0);
});

test.each([
  [{ width: 8_000, height: 6_000 }, "The image could not be read: it may be damaged.", "image"],
  [{ width: 8_000, height: 8_000 }, "The image could not be read: it may be damaged.", "undrawn"],
  [{ width: 100, height: 100 }, "The image has too many pixels to be drawn here.", "undrawn"],
  [{}, "The image could not be read: it may be damaged or too large.", "undrawn"],
])("an image of %o that wasn't drawn (%s) is %s", (properties, reason, kind) => {
  const missingDerivatives = [{ name: "optimized", state: "failed", reason }];
  const file = storedFile("i1", "a.png", { mimeType: "image/png", properties, missingDerivatives });
  expect(previewKindOf(file as unknown as FileRecord).kind).toBe(kind);
});

test("a file that has left its list stands beside nothing", () => {
  const files = [{ id: "a" }, { id: "b" }];
  expect(placeAmong(files, "a")).toEqual({ number: 1, previous: undefined, next: "b" });
  expect(placeAmong(files, "b")).toEqual({ number: 2, previous: "a", next: undefined });
  expect(placeAmong(files, "c")).toEqual({ number: undefined, previous: undefined, next: undefined });
});
