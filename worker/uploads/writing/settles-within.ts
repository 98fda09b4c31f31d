/** Whether `work` is done, well or not, before the time is over and before `until` is done. */
export async function settlesWithin(
  work: Promise<unknown>,
  limitMs: number,
  until: Promise<unknown>,
): Promise<boolean> {
  const { promise: timeIsOver, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), limitMs);
  const settled = work.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([settled, timeIsOver, until.then(() => false)]);
  clearTimeout(timer);
  return isSettled;
}
