import { type Logger, pino } from "pino";

export type Log = Logger;

/**
 * Structured lines on standard output. A line carries tenant, file and job ids; never a key, a token, a file name or a
 * body (style.md 23). Times are written as text, levels as words, so that a person can read them too.
 */
export function createLog(level: string, service = "processor"): Log {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Only name, message and stack: an SDK's error object carries whole requests, with their credentials.
    serializers: { err: formatCause },
  });
}

function formatCause(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: formatCause(cause) }) };
}
