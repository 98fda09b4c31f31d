import type { AppContext } from "../app-env.ts";

/** Where the API is for those who have an address from it. On loopback it may be left out, and is where it was asked. */
export function publicOrigin(c: AppContext): string {
  return c.get("config").publicOrigin ?? new URL(c.req.url).origin;
}

/** Where the bytes of files are asked for by whoever has a URL for them. */
export function deliveryOrigin(c: AppContext): string {
  return c.get("config").deliveryOrigin ?? publicOrigin(c);
}
