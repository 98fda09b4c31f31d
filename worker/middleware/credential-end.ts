import { decodeJwt } from "jose";
import type { AppContext } from "../app-env.ts";
import { requireBearer } from "./authenticate.ts";

/** When that ends by which the caller is known. For routes behind `authenticateFiles`, which has verified it. */
export function credentialEndMs(c: AppContext): number {
  const { entityGrant } = c.get("identity");
  if (entityGrant !== undefined) return entityGrant.expiresAtMs;
  const { exp = 0 } = decodeJwt(requireBearer(c.req.header("Authorization")));
  return exp * 1000;
}
