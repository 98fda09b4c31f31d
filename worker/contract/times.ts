/** A moment as the API writes it: RFC 3339, UTC, with milliseconds. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The same where there may be none. */
export function formatTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms);
}
