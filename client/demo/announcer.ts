const CLEAR_AFTER_MS = 3_000;

export type Announce = (message: string) => void;

/** Reads changes of state to screen readers, several at once as one message; never percents. */
export function createAnnouncer(region: HTMLElement): Announce {
  let pending: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (message) => {
    pending.push(message);
    region.textContent = pending.join(". ");
    clearTimeout(timer);
    timer = setTimeout(() => {
      pending = [];
      region.textContent = "";
    }, CLEAR_AFTER_MS);
  };
}
