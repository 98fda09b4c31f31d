/** Longer than anything that is looked for. */
const OVERLAP_BYTES = 512;

/** Whether patterns match anywhere in what is read of a file, in which each byte is a character. Memory: two pieces of it. */
export async function matchesIn(
  body: AsyncIterable<Buffer>,
  patterns: readonly RegExp[],
): Promise<boolean[]> {
  const matches = patterns.map(() => false);
  let rest = "";
  for await (const chunk of body) {
    const text = rest + chunk.toString("latin1");
    for (const [index, pattern] of patterns.entries()) matches[index] ||= pattern.test(text);
    // What is looked for may begin in this piece and end in the next.
    rest = text.slice(-OVERLAP_BYTES);
  }
  return matches;
}
