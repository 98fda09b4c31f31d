/** Held in memory: more isn't read on a screen. */
export const MAX_TEXT_BYTES = 200_000;
/** In UTF-16 units. A browser orders the letters of a line in both directions in more than linear time. */
const MAX_PIECE_LENGTH = 4_000;

export interface Beginning {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether there is more. */
  readonly isCut: boolean;
}

/** So much of a body as is wanted, whatever was said of its length; the rest isn't asked for. */
export async function readBeginning({ body }: Response, maxBytes: number): Promise<Beginning> {
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) return { bytes: bytes.slice(0, length), isCut: false };
    bytes.set(value.subarray(0, maxBytes - length), length);
    const isCut = length + value.length > maxBytes;
    length = Math.min(maxBytes, length + value.length);
    if (!isCut) continue;
    await reader?.cancel();
    return { bytes, isCut };
  }
}

/** A text in pieces that end with a line, or within one that is too long, but within no letter. */
export function piecesOf(text: string, maxLength = MAX_PIECE_LENGTH): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = start + maxLength;
    const lineEnd = end < text.length ? text.lastIndexOf("\n", end - 1) + 1 : text.length;
    const isWithinLetter = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    const next = lineEnd > start ? lineEnd : end - (isWithinLetter ? 1 : 0);
    pieces.push(text.slice(start, next));
    start = next;
  }
  return pieces;
}
