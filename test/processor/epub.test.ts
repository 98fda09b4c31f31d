import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { EpubDeriver } from "../../processor/derive/epub.ts";
import { findElements, textOf } from "../../processor/derive/epub/markup.ts";
import { Sandbox } from "../../processor/sandbox/sandbox.ts";
import { book } from "../support/books.ts";
import { EPUB } from "../support/documents.ts";
import { zip } from "../support/eicar.ts";
import { ORANGE } from "../support/photos.ts";
import { near, pixelOf } from "../support/pixels.ts";
import { derive } from "./support/derive.ts";

let deriver: EpubDeriver;

beforeAll(async () => {
  deriver = new EpubDeriver(await Sandbox.create());
});

test.each([
  ["EPUB 3", {}],
  ["EPUB 2", { cover: "", meta: '<meta name="cover" content="pic"/>' }],
])("a book has its cover, and the words of its first pages: %s", async (_kind, parts) => {
  const { names, made, properties } = await derive(deriver, await book(parts), EPUB);
  expect(names).toEqual(["thumbnail", "text"]);
  expect(properties).toEqual({ title: "Paul Clifford", author: "Bulwer", thumbHash: expect.any(String) });
  expect(await sharp(made.get("thumbnail")).metadata()).toMatchObject({ width: 150, height: 150 });
  expect(await pixelOf(made.get("thumbnail"), 0.5, 0.5)).toEqual(near(ORANGE));
  expect(made.get("text")?.toString()).toBe("It was a dark & stormy night.\n\nThe rain fell.");
});

test("what a cover isn't that is a drawing, and a book of pictures has no text", async () => {
  const drawing = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>');
  const bytes = await book({ picture: drawing, chapters: ["<img/>"] });
  const { missing } = await derive(deriver, bytes, EPUB);
  expect(missing).toMatchObject({ thumbnail: { result: "none" }, text: { result: "none" } });
});

test("what is no book, or is cut, has a reason", async () => {
  const whole = await book();
  for (const bytes of [Buffer.from("no zip"), zip([]), whole.subarray(0, whole.byteLength - 30)]) {
    const { missing } = await derive(deriver, bytes, EPUB);
    const failed = { result: "failed", reason: "The book could not be read: it may be damaged." };
    expect(missing).toEqual({ thumbnail: failed, text: failed });
  }
});

test("no more is read of a book than is kept", async () => {
  const chapters = Array.from({ length: 60 }, (_, at) => `<p>Chapter ${at} ${"long ".repeat(8_000)}</p>`);
  const { made } = await derive(deriver, await book({ chapters }), EPUB);
  expect(made.get("text")?.byteLength).toBe(256 * 1024);
});

test("markup of nothing but beginnings is read once, and not from each of them", () => {
  // By the square of this, it would take longer than any test may.
  const long = "<item <script <p ".repeat(100_000);
  expect(findElements(long, "item")).toEqual([]);
  expect(findElements(`<item ${'a="'.repeat(500_000)}>`, "item").length).toBe(1);
  expect(textOf(long).length).toBeLessThan(long.length);
});

test("what a page says is its words alone", () => {
  const page =
    "<body><style>p{}</style><h1>One&#x2014;two</h1><P>a<br/>b &lt;c&gt; &unknown; &#0;</P><script>x</script></body>";
  expect(textOf(page)).toBe("One—two\na\nb <c> &unknown;");
});
