import { make } from "multipasta";
import { expect, test } from "vitest";

/**
 * The faults that `FormReader` makes up for (docs/decisions/0019-form-parser.md). One that is no longer there is good news:
 * then what makes up for it goes, and its test with it.
 */

const BOUNDARY = "----a-boundary";

/** What the library makes of a form that comes in these pieces. */
function parse(...pieces: readonly string[]): readonly string[] {
  const seen: string[] = [];
  const parser = make({
    headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    isFile: ({ filename }) => filename !== undefined,
    onField: ({ name }) => seen.push(`field ${name}`),
    onFile: ({ filename }) => {
      seen.push(`file ${filename}`);
      return () => {};
    },
    onError: ({ _tag }) => seen.push(_tag),
    onDone: () => seen.push("done"),
  });
  for (const piece of pieces) parser.write(new TextEncoder().encode(piece));
  parser.end();
  return seen;
}

function formOf(filename: string): string {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"`;
  return `${head}\r\n\r\nhello\r\n--${BOUNDARY}--\r\n`;
}

test("a form that is read", () => {
  expect(parse(formOf("a.txt"))).toEqual(["file a.txt", "done"]);
});

test("a name with a character above U+00FF isn't understood", () => {
  expect(parse(formOf("東京.txt"))).not.toContain("file 東京.txt");
});

test("the last boundary is taken for another when its dashes are torn apart", () => {
  const form = formOf("a.txt");
  expect(parse(form.slice(0, -3), form.slice(-3))).toContain("BadHeaders");
});

test("a form that ends within a part's headers is passed over in silence", () => {
  expect(parse(formOf("a.txt").slice(0, BOUNDARY.length + 20))).toEqual([]);
});
