import type { AppContext } from "../app-env.ts";
import { publicUrlMaker } from "../delivery/public-url.ts";
import type { PublicUrlOf } from "../services/files.ts";

/** What makes the URLs of public files in this request's answer. */
export function publicUrlOf(c: AppContext): PublicUrlOf {
  const { deliveryOrigin, signingKeys } = c.get("config");
  return publicUrlMaker(deliveryOrigin ?? new URL(c.req.url).origin, signingKeys);
}
