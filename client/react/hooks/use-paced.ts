import { useCallback, useEffect, useEffectEvent, useRef } from "react";
import { onceASecond } from "../once-a-second.ts";

/**
 * What is returned asks for something anew: one request at a time, and at most one a second.
 * @param of what is asked about: of another, nothing that was asked before is waited for
 */
export function usePaced(of: unknown, run: (signal: AbortSignal) => Promise<void>): () => void {
  const latest = useEffectEvent(run);
  const ask = useRef<() => void>(undefined);
  useEffect(() => {
    const life = new AbortController();
    ask.current = onceASecond(() => latest(life.signal), life.signal);
    return () => life.abort();
  }, [of]);
  return useCallback(() => ask.current?.(), []);
}
