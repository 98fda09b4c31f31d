import type { ResumePoint } from "./resume-store.ts";

/** What whoever sends a file tells the other tabs that have it on their list. */
export type Sighting =
  | { readonly kind: "sent"; readonly bytes: number }
  | { readonly kind: "point"; readonly point: ResumePoint }
  | { readonly kind: "aborted" };

/** A tab that comes later asks where the file is: it may be on its last request. */
type Message = Sighting | { readonly kind: "asked" };

export interface SightingEvents {
  onSighting(sighting: Sighting): void;
  /** Another tab has this file on its list. */
  onAsked(): void;
}

function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    // There is none, or the browser refuses it: as in a sandboxed frame.
    return undefined;
  }
}

/**
 * One file's channel between the tabs of the origin, until `signal` aborts. Without BroadcastChannel nothing is told, and a
 * waiting tab shows no progress.
 * @returns tells the others
 */
export function openSightings(
  fingerprint: string,
  signal: AbortSignal,
  { onSighting, onAsked }: SightingEvents,
): (sighting: Sighting) => void {
  const channel = signal.aborted ? undefined : openChannel(`causeway-upload:${fingerprint}`);
  if (channel === undefined) return () => {};
  const post = (message: Message) => channel.postMessage(message);
  let lastPoint: Sighting | undefined;
  channel.addEventListener("message", ({ data }) => {
    const message = data as Message;
    if (message.kind !== "asked") return onSighting(message);
    onAsked();
    if (lastPoint !== undefined) post(lastPoint);
  });
  signal.addEventListener("abort", () => channel.close(), { once: true });
  post({ kind: "asked" });
  return (sighting) => {
    if (signal.aborted) return;
    if (sighting.kind === "point") lastPoint = sighting;
    post(sighting);
  };
}
