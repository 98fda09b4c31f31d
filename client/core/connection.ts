/** What the device knows of its connection. `isOnline` may be true without one, but is not false with one. */
export interface Connection {
  isOnline(): boolean;
  /** Calls `listener` at each change until `signal` aborts. */
  watch(listener: (online: boolean) => void, signal: AbortSignal): void;
}

/** The browser's own knowledge; where there is none (Node) the device counts as online. */
export function browserConnection(): Connection {
  return {
    isOnline: () => globalThis.navigator?.onLine !== false,
    watch(listener, signal) {
      if (typeof globalThis.addEventListener !== "function") return;
      globalThis.addEventListener("online", () => listener(true), { signal });
      globalThis.addEventListener("offline", () => listener(false), { signal });
    },
  };
}
