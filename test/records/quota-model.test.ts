import fc from "fast-check";
import { expect, test } from "vitest";
import { runs, timeLimitMs } from "../support/runs.ts";
import { useDatabases } from "./support/databases.ts";
import { faultyDatabase } from "./support/faults.ts";
import { HAPPENINGS } from "./support/quota-happenings.ts";
import { QuotaWorld } from "./support/quota-world.ts";

/** Happenings of one run; `npm test` has a hundred, `npm run test:long` ten thousand. */
const AT_A_TIME = 100;
const RUNS = runs(1, 100);
const ENOUGH_FOR_ALL = 50;

const databases = useDatabases();

const faults = fc.option(
  fc.record({ call: fc.constantFrom(0, 0, 0, 1, 2), when: fc.constantFrom("before", "after") }),
  { nil: undefined, freq: 4 },
);

const weighted = Object.entries(HAPPENINGS).map(([what, weight]) => ({
  weight,
  arbitrary: fc.constant(what as keyof typeof HAPPENINGS),
}));

const happenings = fc.array(
  fc.record({
    what: fc.oneof(...weighted),
    pick: fc.nat(1_000),
    mebibytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100 })),
    fault: faults,
    isCut: fc.nat(5).map((drawn) => drawn === 0),
  }),
  { minLength: AT_A_TIME, maxLength: AT_A_TIME },
);

test(
  "whatever happens to uploads and files, and wherever it breaks off, the counts are what the model has",
  async () => {
    const effective = new Set<string>();
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const world = new QuotaWorld(faultyDatabase(databases.bindings.DB));
        for (const happening of all) {
          const before = JSON.stringify(world.model.counts);
          await world.happen(happening);
          if (JSON.stringify(world.model.counts) !== before) effective.add(happening.what);
          expect(await world.differences(), JSON.stringify(happening)).toEqual([]);
        }
        expect(await world.settle()).toEqual([]);
        expect(await world.differences()).toEqual([]);
      }),
      // Making a failing run shorter would take hours; it tells after which happening it failed.
      { numRuns: RUNS, endOnFailure: true },
    );
    // What never changed a count was never tried. Four do so by what they make others do; few runs may miss one.
    const expected = Object.keys(HAPPENINGS).filter(
      (what) => !["alarms", "restart", "set-quota", "verdict"].includes(what),
    );
    if (RUNS >= ENOUGH_FOR_ALL) expect(expected.filter((what) => !effective.has(what))).toEqual([]);
  },
  timeLimitMs(30_000, RUNS),
);
