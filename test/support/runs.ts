/**
 * How many runs a seeded test makes: few in `npm test`, all of them in `npm run test:long`. A failing run prints the seed
 * and path that make it again.
 */
export function runs(short: number, long: number): number {
  return process.env["CAUSEWAY_LONG_TESTS"] === "1" ? long : short;
}

/** Of a table whose rows go the same way with other values: `some` in `npm test`, `others` too in `npm run test:long`. */
export function rows<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return [...some, ...others.slice(0, runs(0, others.length))];
}

/** Of calls 1 to `count`, each of which is to fail once, one in `oneIn` in `npm test` and all in `npm run test:long`. */
export function someCalls(count: number, oneIn: number): readonly number[] {
  const step = runs(oneIn, 1);
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => 1 + index * step);
}

/** For a test whose number of runs was chosen by `runs`: no less than any test has (vitest.config.ts). */
export function timeLimitMs(perRunMs: number, count: number): number {
  return Math.max(120_000, perRunMs * count);
}
