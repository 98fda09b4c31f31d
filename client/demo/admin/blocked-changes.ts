const changes = new EventTarget();

/** Tells the menu's count that something was blocked, released or deleted. */
export function tellBlockedChanged(): void {
  changes.dispatchEvent(new Event("change"));
}

/** Calls `listener` at each of them until `signal` aborts. */
export function watchBlocked(listener: () => void, signal: AbortSignal): void {
  changes.addEventListener("change", listener, { signal });
}
