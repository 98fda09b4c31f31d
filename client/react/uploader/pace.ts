/** Longest time that the page is kept from drawing and answering: with a collection of garbage in it, below 50 ms. */
const SLICE_MS = 5;

/** Gives way to the page whenever a slice of work is used up. */
export function createPace(): { isDue(): boolean; rest(): Promise<void> } {
  let sinceMs = performance.now();
  return {
    isDue: () => performance.now() - sinceMs >= SLICE_MS,
    async rest() {
      // A task of its own, not scheduler.yield: what continues by that comes before what draws.
      await new Promise((resolve) => setTimeout(resolve));
      sinceMs = performance.now();
    },
  };
}
