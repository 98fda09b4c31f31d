/** Files to convert, no two the same: clamd remembers what it found clean. */
import { randomBytes } from "node:crypto";
import sharp from "sharp";
import { multiplying } from "../../test/support/corpus/bytes.ts";
import { docx } from "../../test/support/corpus/office-parts.ts";
import { zip } from "../../test/support/eicar.ts";
import { pixelBomb } from "../../test/support/images.ts";
import { convertFlat, flatText } from "../../test/support/office.ts";
import { endlessPdf, makePdf } from "../../test/support/pdfs.ts";

export interface NamedFile {
  readonly filename: string;
  readonly bytes: Buffer;
}

/** Twelve megapixels with a little of everything, as a phone makes them; one of each is kept as a base. */
export async function phonePhoto(): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 20 } as const;
  const options = { width: 4_032, height: 3_024, channels: 3 as const, background: "gray", noise };
  return sharp({ create: options }).jpeg({ quality: 85 }).toBuffer();
}

/** The same picture in other bytes: what is behind a JPEG's end is of no matter. */
export function unlike(picture: Buffer): Buffer {
  return Buffer.concat([picture, randomBytes(16)]);
}

/** A letter of ten pages as LibreOffice writes it. */
export async function tenPages(): Promise<Buffer> {
  const [[, letter] = []] = await convertFlat(flatText(10), ["docx"]);
  if (letter === undefined) throw new Error("LibreOffice made no letter.");
  return letter;
}

/** A letter of a page. */
export function letter(): Buffer {
  return docx(randomBytes(200).toString("hex"));
}

const ORDINARY: readonly (() => NamedFile | Promise<NamedFile>)[] = [
  () => ({ filename: "words.txt", bytes: Buffer.from(randomBytes(2_000).toString("hex")) }),
  () => ({ filename: "table.csv", bytes: Buffer.from(`a,b\n${randomBytes(500).toString("hex")},1\n`) }),
  async () => ({ filename: "picture.png", bytes: await smallPicture() }),
  () => ({ filename: "page.pdf", bytes: makePdf({ title: randomBytes(8).toString("hex") }) }),
];
/** Of so many, one is an Office file: it takes as long as ten others. */
const OFFICE_EVERY = 12;

async function smallPicture(): Promise<Buffer> {
  const [r = 0, g = 0, b = 0] = randomBytes(3);
  const create = { width: 400 + r, height: 300 + g, channels: 3 as const, background: { r, g, b } };
  return sharp({ create }).png().toBuffer();
}

/** What must end without harm, whatever comes of it. */
const HOSTILE: readonly (() => NamedFile)[] = [
  () => ({ filename: "laughs.docx", bytes: docx("&i;", [], multiplying("x")) }),
  () => ({ filename: "endless.pdf", bytes: endlessPdf() }),
  () => ({ filename: "bomb.png", bytes: pixelBomb(30_000, 30_000) }),
  () => ({ filename: "cut.docx", bytes: letter().subarray(0, -30) }),
  () => ({ filename: "zeros.zip", bytes: zip([{ name: "zeros", content: Buffer.alloc(150 * 2 ** 20) }]) }),
];

/** The file at a place of a run: hostile ones are spread over it. */
export async function conversionAt(index: number, count: number, hostile: number): Promise<NamedFile> {
  const apart = Math.max(1, Math.floor(count / Math.max(1, hostile)));
  const make = HOSTILE[Math.floor(index / apart) % HOSTILE.length];
  if (index % apart === apart - 1 && make !== undefined) return make();
  if (index % OFFICE_EVERY === 0) return { filename: "letter.docx", bytes: letter() };
  const ordinary = ORDINARY[index % ORDINARY.length] ?? ORDINARY[0];
  if (ordinary === undefined) throw new Error("There is nothing to convert.");
  return ordinary();
}
