import { useCallback, useEffect, useState } from "react";

export type Loaded<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Loading<T> {
  readonly loaded: Loaded<T>;
  /** Asks anew. */
  readonly again: () => void;
}

/**
 * What is asked for by a key, and asked for anew when the key is another. An answer that comes after that means nothing.
 * @param load keep it the same between renders as long as the key is
 */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loading<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ readonly of: string; readonly loaded: Loaded<T> }>();
  const of = `${key} ${turn}`;
  useEffect(() => {
    const life = new AbortController();
    const settle = (loaded: Loaded<T>) => {
      if (!life.signal.aborted) setState({ of, loaded });
    };
    load(life.signal).then(
      (value) => settle({ kind: "ready", value }),
      (error: unknown) => settle({ kind: "failed", error }),
    );
    return () => life.abort();
    // Of `load` nothing is expected: whoever calls says by the key when it is something else.
  }, [of]);
  const loaded: Loaded<T> = state?.of === of ? state.loaded : { kind: "loading" };
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { loaded, again };
}
