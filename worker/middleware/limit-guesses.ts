import { AppError } from "#contract/errors.ts";
import type { ShareLinkId, TenantId } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";

/** The period of `SHARE_LIMIT` and `SHARE_TENANT_LIMIT` in wrangler.toml. */
const PERIOD_SECONDS = 60;

/**
 * Counts one guess at a link's password, whoever makes it, and then at those of all its tenant's links: what one link is
 * refused isn't taken from the others. Throws `RATE_LIMITED` where there were too many.
 */
export async function limitGuesses(
  { env }: AppContext,
  { tenantId, linkId }: { readonly tenantId: TenantId; readonly linkId: ShareLinkId },
): Promise<void> {
  await requireRoom(env.SHARE_LIMIT, linkId);
  await requireRoom(env.SHARE_TENANT_LIMIT, tenantId);
}

async function requireRoom(limiter: RateLimit, key: string): Promise<void> {
  const { success } = await limiter.limit({ key });
  if (success) return;
  throw new AppError("RATE_LIMITED", { headers: { "Retry-After": String(PERIOD_SECONDS) } });
}
