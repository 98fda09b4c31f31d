/** Numbers that look random and are decided by a seed. */
export interface Numbers {
  /** A whole number; both ends are possible. */
  between(least: number, most: number): number;
}

/** Mulberry32 of a seed and of a number that tells several sequences of one seed apart. */
export function numbersOf(seed: number, sequence: number): Numbers {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(sequence + 1, 0x85ebca6b);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { between: (least, most) => least + Math.floor(next() * (most - least + 1)) };
}

/** A file's bytes, made whenever they are needed. */
export interface Content {
  readonly sizeBytes: number;
  readonly salt: number;
}

export function newContent(numbers: Numbers, sizeBytes: number): Content {
  return { sizeBytes, salt: numbers.between(0, 2 ** 32 - 1) };
}

/** What makes it an MP4 file to whoever looks at the first bytes. */
const HEAD = Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "latin1");
const WORD_BYTES = 4;

/**
 * The bytes at a place of a file. Behind the head no two of its 4-byte words are the same (an odd factor makes every
 * number another), so that whatever is lost, doubled or moved shows.
 */
export function bytesAt({ salt }: Content, fromBytes: number, sizeBytes: number): Buffer<ArrayBuffer> {
  const firstWord = Math.floor(fromBytes / WORD_BYTES);
  const words = new Int32Array(Math.ceil((fromBytes + sizeBytes) / WORD_BYTES) - firstWord);
  for (let at = 0; at < words.length; at += 1) words[at] = Math.imul(firstWord + at + salt, 0x9e3779b1);
  const skippedBytes = fromBytes - firstWord * WORD_BYTES;
  const bytes = Buffer.from(words.buffer, skippedBytes, sizeBytes);
  if (fromBytes < HEAD.byteLength) HEAD.copy(bytes, 0, fromBytes);
  return bytes;
}
