/**
 * A part of the ports for each of vitest's processes, and for all that it starts: two that look for one at the same time
 * don't find the same.
 */
const LOWEST_PORT = 20_000;
const PORTS_EACH = 2_400;

const pool = Number(process.env["VITEST_POOL_ID"] ?? 0);
const from = LOWEST_PORT + (pool % 5) * PORTS_EACH;
process.env["CAUSEWAY_PORTS"] = `${from}-${from + PORTS_EACH}`;
