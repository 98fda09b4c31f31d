import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BegunWork, type ProcessorId } from "../../processor/begun-work.ts";
import { DeathGuard } from "../../processor/death-guard.ts";
import type { LaneName } from "../../processor/lanes.ts";

/** No process has such a number. */
const SELF: ProcessorId = { host: "here", pid: 2 ** 30 };
const never = new AbortController().signal;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-state-"));
});

afterEach(() => rm(directory, { recursive: true }));

/** A processor that starts, where the last one may have died. */
function start(self: ProcessorId = SELF): BegunWork {
  return new BegunWork(directory, self);
}

describe("what was begun", () => {
  test("counts as a death where its processor is gone, and not what had ended", async () => {
    const first = start();
    for (const name of ["a", "b", "c"]) first.begin(name);
    first.end("c");
    const second = start({ ...SELF, pid: SELF.pid + 1 });
    expect(second.suspects).toBe(2);
    expect(["a", "b", "c"].map((name) => second.deathsOf(name))).toEqual([1, 1, 0]);
    second.begin("a");
    const third = start();
    expect(third.suspects).toBe(1);
    expect(["a", "b"].map((name) => third.deathsOf(name))).toEqual([2, 1]);
  });

  test("is no death after an end in order, which keeps what was counted before", async () => {
    const first = start();
    first.begin("a");
    const second = start();
    for (const name of ["a", "b"]) second.begin(name);
    second.leave();
    const third = start();
    expect([third.suspects, third.deathsOf("a"), third.deathsOf("b")]).toEqual([0, 1, 0]);
    third.forget("a");
    expect(await readdir(directory)).toEqual([]);
    expect(start().deathsOf("a")).toBe(0);
  });

  test("is begun until all that do it have ended", async () => {
    const first = start();
    for (let times = 0; times < 2; times += 1) first.begin("a");
    first.end("a");
    expect(start().deathsOf("a")).toBe(1);
  });

  test.each<[string, ProcessorId]>([
    ["lives", { host: "here", pid: process.pid }],
    ["is on another machine", { host: "there", pid: SELF.pid }],
  ])("is nobody's death while its processor %s", async (_what, other) => {
    start(other).begin("a");
    const own = start();
    expect([own.suspects, own.deathsOf("a")]).toEqual([0, 0]);
    expect(await readdir(directory)).toHaveLength(1);
  });

  test("is forgotten when no queue holds its job any more, or where it was half written; what isn't ours stays", async () => {
    start().begin("a");
    const [file = ""] = await readdir(directory);
    await utimes(join(directory, file), 0, 0);
    await writeFile(join(directory, "0".repeat(64)), '{"deaths":');
    await mkdir(join(directory, "lost+found"));
    expect(start().deathsOf("a")).toBe(0);
    expect(await readdir(directory)).toEqual(["lost+found"]);
  });

  test("isn't counted without a directory, or in one that is gone, and is done all the same", async () => {
    const without = new BegunWork(undefined, SELF);
    without.begin("a");
    without.end("a");
    await rm(directory, { recursive: true });
    const own = start();
    await rm(directory, { recursive: true });
    own.begin("a");
    own.end("a");
    await mkdir(directory);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("the guard", () => {
  /** A guard that starts after deaths at these. */
  function guardAfter(...names: readonly string[]): DeathGuard {
    const dead = start();
    for (const name of names) dead.begin(name);
    return new DeathGuard(start());
  }

  /** What is being done; `end` ends it. */
  function occupy(guard: DeathGuard, name: string, lane: LaneName) {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const state = { isBegun: false };
    const done = guard.run(
      name,
      lane,
      () => {
        state.isBegun = true;
        return promise;
      },
      never,
    );
    return { state, end, done };
  }

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("does a suspect with nothing of its lane beside it, and no other suspect in any", async () => {
    const guard = guardAfter("suspect", "other");
    const before = occupy(guard, "before", "scan");
    const suspect = occupy(guard, "suspect", "scan");
    const behind = occupy(guard, "behind", "scan");
    const elsewhere = occupy(guard, "elsewhere", "image");
    const other = occupy(guard, "other", "image");
    const begun = async () => {
      await turn();
      return [suspect, behind, elsewhere, other].map(({ state }) => state.isBegun);
    };
    expect(await begun()).toEqual([false, false, true, false]);
    before.end();
    expect(await begun()).toEqual([true, false, true, false]);
    suspect.end();
    expect(await begun()).toEqual([true, true, true, false]);
    elsewhere.end();
    expect(await begun()).toEqual([true, true, true, true]);
    for (const each of [behind, other]) each.end();
    await Promise.all([before, suspect, behind, elsewhere, other].map(({ done }) => done));
  });

  test("has a suspect wait for nothing of its lane that would rather end", async () => {
    const guard = guardAfter("suspect");
    const aside = new AbortController();
    const left = Promise.withResolvers<void>();
    aside.signal.addEventListener("abort", () => left.resolve());
    const early = guard.run(
      "early",
      "image",
      () => left.promise,
      never,
      () => aside.abort(),
    );
    const elsewhere = occupy(guard, "elsewhere", "image");
    await turn();
    expect(aside.signal.aborted).toBe(false);
    elsewhere.end();
    await elsewhere.done;
    const suspect = occupy(guard, "suspect", "image");
    await early;
    await turn();
    expect(suspect.state.isBegun).toBe(true);
    suspect.end();
    await suspect.done;
  });

  test("gives up what its processor died of three times, until somebody asks for it anew", async () => {
    for (let death = 1; death <= 3; death += 1) {
      const begun = start();
      expect(new DeathGuard(begun).isGivenUp("a")).toBe(false);
      begun.begin("a");
    }
    const guard = new DeathGuard(start());
    expect(guard.isGivenUp("a")).toBe(true);
    guard.forget("a");
    expect(guard.isGivenUp("a")).toBe(false);
    expect(new DeathGuard(start()).isGivenUp("a")).toBe(false);
  });

  test("sends back who has waited for five seconds, and lets the next in", async () => {
    const guard = guardAfter("suspect");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const before = occupy(guard, "before", "scan");
      const suspect = occupy(guard, "suspect", "scan");
      const refusal = suspect.done.catch((error: unknown) => error);
      vi.advanceTimersByTime(5_000);
      expect(await refusal).toMatchObject({ code: "LANE_FULL" });
      const next = occupy(guard, "next", "scan");
      await turn();
      expect([suspect.state.isBegun, next.state.isBegun]).toEqual([false, true]);
      for (const each of [before, next]) each.end();
      await Promise.all([before.done, next.done]);
    } finally {
      vi.useRealTimers();
    }
  });
});
