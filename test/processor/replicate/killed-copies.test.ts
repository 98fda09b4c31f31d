import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { runs, timeLimitMs } from "../../support/runs.ts";
import { useStarted } from "../../support/started.ts";
import { hashOf, newOriginal, PART_BYTES } from "./support/copies.ts";
import { startKillableCopies } from "./support/killable-copies.ts";

const place = useStarted(startKillableCopies);

const SIZE_BYTES = runs(2, 3) * PART_BYTES + 5;
const NAMES = ["s3", "azure", "gcs", "directory"];
/** What is said beside a copy's own bytes: lists of parts and blocks, a session's description. */
const SAID_BYTES = 16 * 1024;
const RUNS = runs(1, 20);

/** Anywhere in the bytes of all targets; every fifth run when all of them are sent, while copies are completed. */
function chooseKill(run: number): number {
  const all = NAMES.length * SIZE_BYTES;
  return run % 5 === 4 ? all + randomInt(2_000) : randomInt(1, all);
}

test(
  "a process that is killed anywhere is gone on with at every target, and one part at most is sent twice",
  async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const original = newOriginal(SIZE_BYTES);
      const killAt = chooseKill(run);
      const before = place.sentBytes();

      const first = await place.copy(original, killAt);
      const second = await place.copy(original);

      const killed = `killed at ${killAt}`;
      if (run % 5 !== 4) expect(first, killed).toEqual({ signal: "SIGKILL", states: {} });
      const stored = Object.fromEntries(NAMES.map((name) => [name, "stored"]));
      expect(second, killed).toEqual({ signal: null, states: stored });
      const after = place.sentBytes();
      for (const target of place.targets) {
        const sentBytes = (after[target.name] ?? 0) - (before[target.name] ?? 0);
        const most = SIZE_BYTES + PART_BYTES + SAID_BYTES;
        expect(sentBytes, `${target.name}, ${killed}`).toBeLessThanOrEqual(most);
        expect(await hashOf(target, original.facts.key), `${target.name}, ${killed}`).toBe(
          original.facts.sha256,
        );
      }
      expect(await place.leftovers(), killed).toEqual(Object.fromEntries(NAMES.map((name) => [name, 0])));
    }
  },
  timeLimitMs(60_000, RUNS),
);
