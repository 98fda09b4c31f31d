/** Whether anybody could see the page. */
export interface Visibility {
  isHidden(): boolean;
  /** Calls `listener` at each change until `signal` aborts. */
  watch(listener: () => void, signal: AbortSignal): void;
}

/** The browser's own knowledge; where there is no page (Node, workers) nothing is ever hidden. */
export function browserVisibility(): Visibility {
  return {
    isHidden: () => globalThis.document?.visibilityState === "hidden",
    watch(listener, signal) {
      globalThis.document?.addEventListener("visibilitychange", () => listener(), { signal });
    },
  };
}

/** Aborts when the page has been hidden for so long, unless it is stopped before. */
export function hiddenFor(
  hiddenMs: number,
  visibility: Visibility,
  signal: AbortSignal,
): { readonly signal: AbortSignal; stop(): void } {
  const [leaving, watching] = [new AbortController(), new AbortController()];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (visibility.isHidden()) timer = setTimeout(() => leaving.abort(), hiddenMs);
  };
  visibility.watch(look, AbortSignal.any([signal, watching.signal]));
  look();
  const stop = () => {
    watching.abort();
    clearTimeout(timer);
  };
  return { signal: leaving.signal, stop };
}

/** Resolves when the page is shown, or `signal` aborts. */
export function untilShown(visibility: Visibility, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watching = new AbortController();
    const look = () => {
      if (visibility.isHidden() && !signal.aborted) return;
      watching.abort();
      resolve();
    };
    visibility.watch(look, watching.signal);
    signal.addEventListener("abort", look, { signal: watching.signal });
    look();
  });
}
