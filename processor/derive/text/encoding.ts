import { analyse } from "chardet";

/** What Windows writes in Europe and America; a text that is as good as another's is its. */
const USUAL = "windows-1252";
/** Points of a hundred that it is ahead of others: in a short text they differ by as many for no reason. */
const USUAL_AHEAD = 10;

/** Encoding Standard, 6.1: byte order marks. */
const MARKS = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
] as const;

/** The encoding that a text's first bytes tell by their mark, or by the zeros that UTF-16 has in most of the world's texts. */
export function findUnicode(head: Buffer): string | undefined {
  const marked = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(Buffer.from(bytes)));
  if (marked !== undefined) return marked.encoding;
  const zeros = [0, 0];
  for (const [index, byte] of head.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const many = head.length / 4;
  if (odd > many && even < odd / 10) return "utf-16le";
  return even > many && odd < even / 10 ? "utf-16be" : undefined;
}

/** The likeliest encoding of what is no Unicode, as the Encoding Standard names it. */
export function guessEncoding(head: Buffer): string {
  const scores = new Map([[USUAL, 0]]);
  for (const { name, confidence } of analyse(head)) {
    const encoding = standardName(name);
    if (encoding === undefined) continue;
    const score = encoding === USUAL ? confidence + USUAL_AHEAD : confidence;
    scores.set(encoding, Math.max(score, scores.get(encoding) ?? 0));
  }
  const [[best] = [USUAL]] = [...scores].sort(([, one], [, other]) => other - one);
  return best;
}

/** Undefined for what can't be read here. The standard reads ISO 8859-1 and ASCII as windows-1252. */
function standardName(name: string): string | undefined {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}
