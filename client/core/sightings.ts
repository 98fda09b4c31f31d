import type { ResumePoint } from "./resume-store.ts";

/** What whoever sends a file tells the other tabs that have it on their list. */
export type Sighting =
  | { readonly kind: "sent"; readonly bytes: number }
  | { readonly kind: "point"; readonly point: ResumePoint }
  | { readonly kind: "aborted" };

/**
 * One file's channel between the tabs of the origin, until `signal` aborts. Without BroadcastChannel nothing is told, and a
 * waiting tab shows no progress.
 */
export function openSightings(
  fingerprint: string,
  signal: AbortSignal,
  onSighting: (sighting: Sighting) => void = () => {},
): (sighting: Sighting) => void {
  if (signal.aborted || typeof BroadcastChannel === "undefined") return () => {};
  const channel = new BroadcastChannel(`causeway-upload:${fingerprint}`);
  channel.addEventListener("message", ({ data }) => onSighting(data as Sighting));
  signal.addEventListener("abort", () => channel.close(), { once: true });
  return (sighting) => {
    if (!signal.aborted) channel.postMessage(sighting);
  };
}
