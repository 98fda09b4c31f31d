import type { AppContext } from "../app-env.ts";
import { publicUrlMaker } from "../delivery/public-url.ts";
import type { PublicUrlOf } from "../services/files.ts";
import { deliveryOrigin } from "./origins.ts";

/** What makes the URLs of public files in this request's answer. */
export function publicUrlOf(c: AppContext): PublicUrlOf {
  return publicUrlMaker(deliveryOrigin(c), c.get("config").signingKeys);
}
