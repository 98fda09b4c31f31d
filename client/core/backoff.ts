const MAX_DELAY_MS = 30_000;

/** Doubling from `baseMs` to `maxMs` (30 s), with up to a fifth more so that many clients don't come back at once. */
export function backoffMs(attempt: number, baseMs: number, maxMs = MAX_DELAY_MS): number {
  return Math.min(maxMs, baseMs * 2 ** (attempt - 1)) * (1 + Math.random() / 5);
}

/** Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. Undefined without a usable one. */
export function parseRetryAfterMs(header: string | null | undefined, nowMs: number): number | undefined {
  if (!header) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
