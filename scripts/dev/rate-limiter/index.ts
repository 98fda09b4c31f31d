import { WorkerEntrypoint } from "cloudflare:workers";
import type { LocalLimit } from "./options.ts";

/** What was asked for in a period that goes on, by binding and key. */
interface Counts {
  readonly period: number;
  readonly byKey: Map<string, number>;
}

const current = new Map<number, Counts>();

/** Counts of the period that is now, by its length in seconds: those before it are forgotten. */
function countsNow(seconds: number): Counts["byKey"] {
  const period = Math.floor(Date.now() / (seconds * 1_000));
  const known = current.get(seconds);
  if (known?.period === period) return known.byKey;
  const begun = { period, byKey: new Map<string, number>() };
  current.set(seconds, begun);
  return begun.byKey;
}

/**
 * Cloudflare's rate limit in development, as a service binding with the binding's one method. Miniflare has one too,
 * which keeps its counters on disk: two of them cost more than the request that they are about. These are in memory, as
 * Cloudflare's are. Periods begin with the clock.
 */
export class RateLimiter extends WorkerEntrypoint<unknown, LocalLimit> implements RateLimit {
  async limit({ key }: RateLimitOptions): Promise<RateLimitOutcome> {
    const { name, limit, period } = this.ctx.props;
    const counts = countsNow(period);
    const count = counts.get(`${name}/${key}`) ?? 0;
    if (count >= limit) return { success: false };
    counts.set(`${name}/${key}`, count + 1);
    return { success: true };
  }
}

export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler;
