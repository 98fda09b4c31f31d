/** A number from 0 to below 1, another each time. */
export type Random = () => number;

/** Marsaglia's xorshift with 32 bits: the same numbers for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
