import type { DatabaseBindings } from "../db/database.ts";

/**
 * Who was reading what a moment ago, as one isolate saw it: of the dozens of ranges in which a download may come, the
 * first is recorded and those after it aren't. Another isolate doesn't know, and records the first range that it sees: an
 * event too many rather than a reading that nobody knows of.
 */
const openReadings = new WeakMap<DatabaseBindings, Map<string, number>>();

/** Without a range for so long a reading is over. */
const OVER_AFTER_MS = 600_000;
/** Some 200 bytes each. Of more, those without a range for longest are forgotten, and recorded again when they go on. */
const MAX_REMEMBERED = 5_000;

function memoryOf(env: DatabaseBindings): Map<string, number> {
  const known = openReadings.get(env);
  if (known !== undefined) return known;
  const memory = new Map<string, number>();
  openReadings.set(env, memory);
  return memory;
}

/**
 * Notes that bytes were read, and returns whether that goes on with a reading that was noted before.
 * @param reading who reads what, as a text of its own for each reader and each representation
 */
export function noteReading(env: DatabaseBindings, reading: string, nowMs: number): boolean {
  const memory = memoryOf(env);
  const lastMs = memory.get(reading);
  // A map's first is the one that was put there first.
  memory.delete(reading);
  memory.set(reading, nowMs);
  for (const oldest of memory.keys()) {
    if (memory.size <= MAX_REMEMBERED) break;
    memory.delete(oldest);
  }
  return lastMs !== undefined && nowMs - lastMs < OVER_AFTER_MS;
}
