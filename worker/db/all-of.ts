import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";

/**
 * All of the conditions, of which there is one at least, as a tree and not as the chain that a text of ANDs is: a chain is
 * as deep as it is long, and D1 takes an expression that is 100 deep at most. To SQLite's planner both are the same.
 */
export function allOf([first = sql`1`, ...others]: readonly SQL[]): SQL {
  if (others.length === 0) return first;
  const middle = Math.floor(others.length / 2);
  const left = allOf([first, ...others.slice(0, middle)]);
  return sql`(${left} AND ${allOf(others.slice(middle))})`;
}
