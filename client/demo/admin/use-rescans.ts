import { useCallback, useEffect, useRef, useState } from "react";
import type { Rescan } from "#contract/rescans.ts";
import type { Client } from "../../index.ts";

/** How often one that runs is looked at: it gets on once a minute, and each look costs little. */
const LOOK_MS = 3_000;

export interface RescansState {
  /** Undefined until they are known; the newest first. */
  readonly rescans: readonly Rescan[] | undefined;
  /** Why they couldn't be asked for the last time. */
  readonly error: unknown;
  refresh(): Promise<void>;
}

export function isOpen({ state }: Rescan): boolean {
  return state === "running" || state === "paused";
}

/** A tenant's rescans, looked at again and again while one runs and the page is seen. */
export function useRescans(client: Client): RescansState {
  const [state, setState] = useState<Pick<RescansState, "rescans" | "error">>({
    rescans: undefined,
    error: undefined,
  });
  const life = useRef<AbortSignal>(undefined);
  const refresh = useCallback(async () => {
    const signal = life.current;
    try {
      const { items } = await client.admin.rescans.list({ signal });
      if (signal?.aborted !== true) setState({ rescans: items, error: undefined });
    } catch (error) {
      if (signal?.aborted !== true) setState((last) => ({ ...last, error }));
    }
  }, [client]);
  useEffect(() => {
    const current = new AbortController();
    life.current = current.signal;
    void refresh();
    return () => current.abort();
  }, [refresh]);
  const isRunning = state.rescans?.some((each) => each.state === "running") === true;
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void refresh();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning, refresh]);
  return { ...state, refresh };
}
