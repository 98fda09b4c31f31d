/** Workers have six connections at a time. */
const AT_ONCE = 5;

/** A few at a time: as many as take connections, where nothing else is said. */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += atOnce) {
    results.push(...(await Promise.all(items.slice(first, first + atOnce).map(work))));
  }
  return results;
}

/** Items of a lot: few enough to be done in seconds. */
const LOT = 25;

/**
 * In lots, one after the other, each of which is finished by itself. Ends before the first one that may not be begun.
 * @param mayBegin asked before each lot, with the number of its items
 */
export async function inLots<T>(
  items: readonly T[],
  mayBegin: (count: number) => boolean,
  work: (lot: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < items.length; first += LOT) {
    const lot = items.slice(first, first + LOT);
    if (!mayBegin(lot.length)) return;
    await work(lot);
  }
}

/**
 * All of some items, beginning behind those that were the first `atOnce` the turn before. Each round begins one further
 * than the last, so that none is always the last of its turn: there may be no time for that.
 * @param turn counts up by one each time
 */
export function takingTurns<T>(items: readonly T[], turn: number, atOnce: number): readonly T[] {
  const passed = turn * atOnce;
  const count = Math.max(1, items.length);
  const first = (passed + Math.floor(passed / count)) % count;
  return [...items.slice(first), ...items.slice(0, first)];
}
