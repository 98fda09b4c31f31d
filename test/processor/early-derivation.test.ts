import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Standing } from "#contract/reports.ts";
import { NO_WISHES } from "#contract/wishes.ts";
import type { Early } from "../../processor/derive/derivatives.ts";
import { EarlyDerivation } from "../../processor/derive/early-derivation.ts";
import { ProcessorFailure } from "../../processor/failure.ts";
import { createJob } from "./support/jobs.ts";

const job = createJob({ sizeBytes: 1, declaredType: "image/jpeg" });
const before: Standing = {
  ...{ state: "quarantined", sniffedType: null, derivatives: [], givenUp: [], wishes: NO_WISHES },
};
const clean: Standing = { ...before, state: "clean", sniffedType: "image/jpeg" };

/** One that is drawn already, and waits for its verdict. */
function begin(standing = before, failure: { readonly early?: Error; readonly late?: Error } = {}) {
  const seen = { isBegun: false, isBrought: false };
  let given: Early | undefined;
  const early = new EarlyDerivation(
    {
      begin: async (_job, _plan, begun, signal) => {
        const { approval } = begun;
        given = begun;
        seen.isBegun = true;
        if (failure.early) throw failure.early;
        await approval;
        signal.throwIfAborted();
        if (failure.late) throw failure.late;
        seen.isBrought = true;
      },
    },
    job,
    new AbortController().signal,
  );
  early.begin(standing);
  return { early, seen, stepAside: () => given?.stepAside() };
}

test("what was begun is brought by a verdict by which the same is wanted", async () => {
  const { early, seen } = begin();
  expect(await early.finish(clean)).toBe(true);
  expect(seen.isBrought).toBe(true);
});

test.each<[string, Partial<Standing>]>([
  ["it is another type", { sniffedType: "image/png" }],
  ["some of it is there", { derivatives: ["thumbnail"] }],
  ["its tenant has other wishes", { wishes: { ...NO_WISHES, keepPlaces: true } }],
])("it is dropped where %s", async (_why, change) => {
  const { early, seen } = begin();
  expect(await early.finish({ ...clean, ...change })).toBe(false);
  expect(seen).toEqual({ isBegun: true, isBrought: false });
});

test("what failed before there was a verdict, or finds no room, is done as if nothing had been begun; what fails else is told", async () => {
  const [full, broken] = [new ProcessorFailure("SCRATCH_FULL"), new ProcessorFailure("TOOL_BROKEN_OFF")];
  const { early } = begin(before, { early: broken });
  await setImmediate();
  expect(await early.finish(clean)).toBe(false);
  expect(await begin(before, { late: full }).early.finish(clean)).toBe(false);
  await expect(begin(before, { late: broken }).early.finish(clean)).rejects.toBe(broken);
});

test("it steps aside before there is a verdict, and not after", async () => {
  const [before, after] = [begin(), begin()];
  before.stepAside();
  expect(await before.early.finish(clean)).toBe(false);
  const finished = after.early.finish(clean);
  after.stepAside();
  expect(await finished).toBe(true);
});

test("nothing is begun early of what is clean", async () => {
  const { early, seen } = begin(clean);
  expect(await early.finish(clean)).toBe(false);
  expect(seen.isBegun).toBe(false);
});

test("a hand is kept for ten seconds without a verdict, and no longer", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [inTime, late] = [begin(), begin()];
  await vi.advanceTimersByTimeAsync(9_999);
  expect(await inTime.early.finish(clean)).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(await late.early.finish(clean)).toBe(false);
  expect(late.seen.isBrought).toBe(false);
});
