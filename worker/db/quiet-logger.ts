import type { Logger } from "drizzle-orm";

/**
 * What drizzle throws of a failed statement says its parameters: names of files, users, hashes of passwords, all of which
 * have no place in a log. drizzle has no setting against that, but shows the very list to its logger before, and writes
 * the error's message by the list's own `toString`.
 */
export const quietLogger: Logger = {
  logQuery(_query, params) {
    Object.defineProperty(params, "toString", { value: () => `${params.length}, not told` });
  },
};
