import { useEffect, useState } from "react";

const GATHER_MS = 400;
const CLEAR_AFTER_MS = 4_000;

export interface Announcer {
  /** Reads it to screen readers, together with what else is said within a moment. */
  say(message: string): void;
  subscribe(listener: (text: string) => void): () => void;
}

export function createAnnouncer(): Announcer {
  const listeners = new Set<(text: string) => void>();
  let pending: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (text: string) => {
    for (const listener of listeners) listener(text);
  };
  const flush = () => {
    tell(pending.join(" "));
    pending = [];
    timer = setTimeout(() => {
      timer = undefined;
      tell("");
    }, CLEAR_AFTER_MS);
  };
  return {
    say(message) {
      if (pending.length === 0) {
        clearTimeout(timer);
        timer = setTimeout(flush, GATHER_MS);
      }
      pending.push(/[.!?…]$/.test(message) ? message : `${message}.`);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Where what an announcer says is read. Changes of state only, never percents. */
export function LiveRegion({ announcer }: { readonly announcer: Announcer }) {
  const [text, setText] = useState("");
  useEffect(() => announcer.subscribe(setText), [announcer]);
  return (
    <div className="cw-hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
