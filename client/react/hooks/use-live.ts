import { useEffect, useEffectEvent } from "react";
import { useClient } from "../use-client.ts";

/** What happened, to a file or to something else; a "reset" is about no file: something may have been missed. */
export interface LiveEvent {
  readonly type: string;
  readonly data?: { readonly fileId?: string };
}

/** Where a client tells what happens while it happens. */
export interface LiveEvents {
  /** Calls `listener` with every event until the returned function is called. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

/** Calls `listener` with what is told while it happens, where the client has that. What is asked for again and again goes on. */
export function useLive(listener: (event: LiveEvent) => void): void {
  const { live } = useClient();
  const tell = useEffectEvent(listener);
  useEffect(() => live?.subscribe((event) => tell(event)), [live]);
}
