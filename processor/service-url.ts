import { z } from "zod";
import { isSafeUrl } from "#contract/safe-urls.ts";

/** A name without a dot is of nobody but a network of containers', which has no https of its own. */
function isOfOwnNetwork(text: string): boolean {
  const { protocol, hostname, username } = new URL(text);
  return protocol === "http:" && /^[a-z0-9_-]+$/.test(hostname) && username === "";
}

/** Where somebody's files, or what opens them, are sent. */
export const ServiceUrl = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((text) => isSafeUrl(text) || isOfOwnNetwork(text), "must be https, and without a user's name");
