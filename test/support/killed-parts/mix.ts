import sharp from "sharp";
import { docx } from "../corpus/office-parts.ts";
import { eicar } from "../eicar.ts";
import { numbersOf } from "../killable/seeded.ts";

/** Files as a CRM gets them, mostly small: each is decided by a seed and its number, and called by that number. */
export interface MixedFile {
  readonly filename: string;
  readonly make: () => Promise<Buffer>;
  readonly state: "clean" | "infected";
  /** What there is to make of it, all of which can be made. */
  readonly derivatives: readonly string[];
}

/** Of a hundred. */
const MAILS = 55;
const TEXTS = 75;
const PICTURES = 90;
const MALWARE = 98;

export function mixOf(seed: number, count: number): readonly MixedFile[] {
  return Array.from({ length: count }, (_, index) => mixedFile(seed, index));
}

function mixedFile(seed: number, index: number): MixedFile {
  const numbers = numbersOf(seed, index);
  const kind = numbers.between(1, 100);
  const words = `Number ${index} of ${seed}.\n`.repeat(numbers.between(1, 200));
  const text = async () => Buffer.from(words);
  if (kind <= MAILS) {
    const mail = async () => Buffer.from(`Subject: ${index}\r\n\r\n${words}`);
    return { filename: `${index}.eml`, make: mail, state: "clean", derivatives: [] };
  }
  if (kind <= TEXTS) {
    return { filename: `${index}.txt`, make: text, state: "clean", derivatives: ["preview", "thumbnail"] };
  }
  if (kind <= PICTURES) {
    const [r, g, b] = [1, 2, 3].map(() => numbers.between(0, 255));
    const background = { r: r ?? 0, g: g ?? 0, b: b ?? 0 };
    const picture = () =>
      sharp({ create: { width: 200 + index, height: 100, channels: 3, background } })
        .png()
        .toBuffer();
    return {
      filename: `${index}.png`,
      make: picture,
      state: "clean",
      derivatives: ["optimized", "thumbnail"],
    };
  }
  if (kind <= MALWARE) {
    const infected = async () => Buffer.concat([Buffer.from(words), eicar()]);
    return { filename: `${index}.txt`, make: infected, state: "infected", derivatives: [] };
  }
  const letter = async () => docx(words);
  return {
    filename: `${index}.docx`,
    make: letter,
    state: "clean",
    derivatives: ["preview", "text", "thumbnail"],
  };
}
