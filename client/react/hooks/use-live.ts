import { useEffect, useEffectEvent } from "react";
import type { Live, LiveEvent, LiveReset } from "../../core/live.ts";
import { useClient } from "../use-client.ts";

/** Where a client tells what happens while it happens. */
export type LiveEvents = Pick<Live, "state" | "subscribe">;

/** Calls `listener` with what is told while it happens, where the client has that. What is asked for again and again goes on. */
export function useLive(listener: (event: LiveEvent | LiveReset) => void): void {
  const { live } = useClient();
  const tell = useEffectEvent(listener);
  useEffect(() => live?.subscribe((event) => tell(event)), [live]);
}

/** The file that something has become of; progress of an upload is nothing that a file's record has. */
export function changedFileOf(event: LiveEvent | LiveReset): string | undefined {
  if (event.type === "reset" || event.type === "upload.progress") return undefined;
  return "fileId" in event.data ? event.data.fileId : undefined;
}
