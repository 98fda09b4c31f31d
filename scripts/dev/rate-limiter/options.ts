import { z } from "zod";

/** One binding's limit, as the limiter is told of it: a type alias, since it goes into a binding as plain data. */
export type LocalLimit = { readonly name: string; readonly limit: number; readonly period: number };

export const RATE_LIMITER_NAME = "rate-limiter";

const RateLimitBindings = z.record(
  z.string(),
  z.object({ simple: z.object({ limit: z.number(), period: z.number() }) }),
);

/** Limits on how much is asked for. Others, as on guesses at a password, are the same everywhere. */
const SCALED = /^(?:USER|TENANT)_/;

/**
 * The rate limits of wrangler.toml as entries of the main worker's `serviceBindings`, so many times as generous: one
 * machine plays all users of a tenant, and tests play many tenants in a second. A factor below 1 makes them easy to reach.
 */
export function localRateLimits(ratelimits: unknown, factor: number) {
  const entries = Object.entries(RateLimitBindings.parse(ratelimits)).map(([name, { simple }]) => {
    const scaled = Math.max(1, Math.round(simple.limit * factor));
    const limit = SCALED.test(name) ? scaled : simple.limit;
    const props: LocalLimit = { name, limit, period: simple.period };
    return [name, { name: RATE_LIMITER_NAME, entrypoint: "RateLimiter", props }] as const;
  });
  return Object.fromEntries(entries);
}

/** The limiter as an entry of Miniflare's `workers` (its V4 options). */
export function rateLimiterWorker(script: string, compatibilityDate: string) {
  return { name: RATE_LIMITER_NAME, modules: true as const, script, compatibilityDate };
}

/** A local stack's factor, where `CAUSEWAY_RATE_LIMIT_FACTOR` doesn't say another; 1 is as deployed. */
export const LOCAL_RATE_LIMIT_FACTOR = 10;

/** Throws a sentence for people when the variable is no number above 0. */
export function parseRateLimitFactor(text: string | undefined): number {
  if (text === undefined || text === "") return LOCAL_RATE_LIMIT_FACTOR;
  const factor = Number(text);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new Error(`CAUSEWAY_RATE_LIMIT_FACTOR must be a number above 0, not "${text}".`);
}
