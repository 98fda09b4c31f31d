import type { Groups } from "../core/api/groups.ts";
import type { Uploader } from "../core/uploader.ts";
import type { LiveEvents } from "./hooks/use-live.ts";

/** What components need of a client; `createClient` makes one. */
export interface CausewayClient extends Omit<Groups, "admin" | "sharedFiles"> {
  readonly uploads: Uploader;
  /** Without it, components ask again and again. */
  readonly live?: LiveEvents;
}
