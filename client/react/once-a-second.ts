/** So long is rested after something was asked for anew, however much happens meanwhile. */
const REST_MS = 1_000;

/**
 * What is returned does something at once; and once more, when that is done and a second later, for all who called
 * meanwhile. So what changes all the time is shown once a second, and no answer is thrown away.
 * @param run may fail: that is its own to tell
 */
export function onceASecond(run: () => Promise<unknown>, signal: AbortSignal): () => void {
  let isResting = false;
  let isDue = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const rest = () => {
    if (signal.aborted) return;
    timer = setTimeout(() => {
      isResting = false;
      if (isDue) ask();
    }, REST_MS);
  };
  const ask = () => {
    if (signal.aborted) return;
    isDue = isResting;
    if (isResting) return;
    isResting = true;
    run().then(rest, rest);
  };
  return ask;
}
