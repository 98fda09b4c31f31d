import { AppError } from "#contract/errors.ts";
import type { ShareLinkId } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";

/** The period of `SHARE_LIMIT` in wrangler.toml. */
const PERIOD_SECONDS = 60;

/** Counts one guess at a link's password, whoever makes it. Throws `RATE_LIMITED` where there were too many. */
export async function limitGuesses(c: AppContext, linkId: ShareLinkId): Promise<void> {
  const { success } = await c.env.SHARE_LIMIT.limit({ key: linkId });
  if (success) return;
  throw new AppError("RATE_LIMITED", { headers: { "Retry-After": String(PERIOD_SECONDS) } });
}
