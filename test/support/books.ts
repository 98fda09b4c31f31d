import { EPUB } from "./documents.ts";
import { zip } from "./eicar.ts";
import { plain } from "./photos.ts";

export interface BookParts {
  /** What the manifest says of the cover, beside where it is. */
  readonly cover?: string;
  readonly meta?: string;
  readonly picture?: Uint8Array;
  readonly chapters?: readonly string[];
}

/** A book as programs write it: its package in a folder, its names percent-encoded. */
export async function book({
  cover = 'properties="cover-image"',
  meta = "",
  picture,
  chapters,
}: BookParts = {}) {
  const pages = chapters ?? ["<p>It was a dark &amp; stormy night.</p>", "<p>The rain fell.</p>"];
  const items = pages.map((_, at) => `<item id="c${at}" href="page%20${at}.xhtml" media-type="x"/>`);
  const opf =
    `<package><metadata><dc:title>Paul\n Clifford</dc:title><dc:creator id="a">Bulwer</dc:creator>${meta}</metadata>` +
    `<manifest><item id="pic" href="img/cover.png" ${cover}/>${items.join("")}</manifest>` +
    `<spine>${pages.map((_, at) => `<itemref idref="c${at}"/>`).join("")}</spine></package>`;
  const container = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>';
  const files: [string, string | Uint8Array][] = [
    ["mimetype", EPUB],
    ["META-INF/container.xml", container],
    ["OEBPS/book.opf", opf],
    ["OEBPS/img/cover.png", picture ?? (await plain(300, 400).png().toBuffer())],
    ...pages.map((body, at): [string, string] => [
      `OEBPS/page ${at}.xhtml`,
      `<html><head><title>Not this</title></head><body>${body}</body></html>`,
    ]),
  ];
  return zip(files.map(([name, content]) => ({ name, content: Buffer.from(content) })));
}
