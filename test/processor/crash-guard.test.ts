import { describe, expect, onTestFinished, test, vi } from "vitest";
import { inspectObject } from "../../processor/inspect.ts";
import { MAX_LINE_WAIT_MS } from "../../processor/line.ts";
import { createMetrics } from "../../processor/metrics.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { fetchClamdVersion } from "../../processor/scan/clamd.ts";
import { CrashGuard, type OpenScan } from "../../processor/scan/crash-guard.ts";
import type { ClamdAddress } from "../../processor/scan/instream.ts";
import { ScanGate } from "../../processor/scan/scan-gate.ts";
import { ScannerCrash } from "../../processor/scan/scanner.ts";
import { type RunningClamd, startClamd } from "../support/clamd.ts";
import { startCrashingClamd } from "./support/crashing-clamd.ts";

const POISON = "poison";
/** The last byte comes by itself. */
const EVIL = `${POISON}.`;
const CONDEMNED = { verdict: "unscannable", signatureName: "Scanner.Crashed" };
const never = new AbortController().signal;

interface Guarded {
  readonly guard: CrashGuard;
  readonly open: OpenScan;
}

function guardOf(address: ClamdAddress): Guarded {
  const scanner = new ClamdScanner(address);
  const open: OpenScan = (sizeBytes, signal) => scanner.open(sizeBytes, signal);
  return { guard: new CrashGuard(scanner, createMetrics()), open };
}

/** What the guard makes of a file that comes in pieces; `between` is awaited before the last. */
function scan(
  { guard, open }: Guarded,
  content: string,
  between: () => Promise<unknown> = async () => undefined,
) {
  const bytes = Buffer.from(content);
  const pass = (guarded: OpenScan) => {
    const body = (async function* () {
      yield bytes.subarray(0, -1);
      await between();
      yield bytes.subarray(-1);
    })();
    return inspectObject({ sizeBytes: bytes.byteLength, body }, guarded, AbortSignal.timeout(20_000));
  };
  return guard.run(content, open, pass, never);
}

async function startForTest(deafCommands?: number) {
  const clamd = await startCrashingClamd(POISON, deafCommands);
  onTestFinished(() => clamd.stop());
  return clamd;
}

describe("a file that the scanner dies of", () => {
  test("is alone from then on, and unscannable after three times; its neighbour is clean", async () => {
    const clamd = await startForTest();
    const guard = guardOf(clamd);
    const crashed = Promise.withResolvers<void>();
    const neighbour = scan(guard, "neighbour", () => crashed.promise);
    await clamd.changes.until(() => clamd.streams.length === 1);
    await expect(scan(guard, EVIL)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE", crashes: 1 });
    crashed.resolve();
    await expect(neighbour).rejects.toMatchObject({ crashes: 1 });

    const asked = Promise.withResolvers<void>();
    const second = scan(guard, "neighbour", () => asked.promise);
    await clamd.changes.until(() => clamd.streams.length === 3);
    const again = scan(guard, EVIL);
    // A round trip: whatever began before it would have been seen.
    await fetchClamdVersion(clamd);
    asked.resolve();
    expect(await second).toMatchObject({ verdict: "clean" });
    await expect(again).rejects.toMatchObject({ crashes: 2 });
    expect(clamd.streams.slice(2).map(({ beside }) => beside)).toEqual([0, 0]);

    await expect(scan(guard, EVIL)).rejects.toMatchObject({ crashes: 3 });
    const sent = clamd.streams.length;
    expect(await scan(guard, EVIL)).toMatchObject({
      ...CONDEMNED,
      sha256: expect.stringMatching(/^\w{64}$/),
    });
    expect(clamd.streams).toHaveLength(sent);
  });

  test("is no suspect any more once it has a verdict", async () => {
    const clamd = await startForTest();
    const guard = guardOf(clamd);
    for (const evil of ["poison 1.", "poison 2."]) {
      const crashed = Promise.withResolvers<void>();
      const neighbour = scan(guard, "neighbour", () => crashed.promise);
      const begun = clamd.streams.length;
      await clamd.changes.until(() => clamd.streams.length > begun);
      await expect(scan(guard, evil)).rejects.toMatchObject({ crashes: 1 });
      crashed.resolve();
      await expect(neighbour).rejects.toMatchObject({ crashes: 1 });
      expect(await scan(guard, "neighbour")).toMatchObject({ verdict: "clean" });
    }
  });

  test("is sent again when, after its verdict, somebody asks for that", async () => {
    const clamd = await startForTest();
    const guard = guardOf(clamd);
    for (let time = 1; time <= 3; time++) await expect(scan(guard, EVIL)).rejects.toThrow();
    expect(await scan(guard, EVIL)).toMatchObject(CONDEMNED);
    expect(await scan(guard, EVIL)).toMatchObject(CONDEMNED);
    guard.guard.forget(EVIL);
    await expect(scan(guard, EVIL)).rejects.toMatchObject({ crashes: 1 });
  });

  test("isn't one where the connection is lost, but the scanner is there", async () => {
    const guard = guardOf(await startForTest(0));
    for (let time = 1; time <= 4; time++) {
      const error = await scan(guard, EVIL).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "SCANNER_UNAVAILABLE" });
      expect(error).not.toBeInstanceOf(ScannerCrash);
    }
  });

  test("isn't one where the scanner was away before", async () => {
    const clamd = await startForTest();
    await clamd.stop();
    const guard = guardOf(clamd);
    for (let time = 1; time <= 4; time++) {
      const error = await scan(guard, "a file").catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "SCANNER_UNAVAILABLE" });
      expect(error).not.toBeInstanceOf(ScannerCrash);
    }
  });
});

test("a real clamd that is killed three times during a file, and lives on without it", async () => {
  let clamd: RunningClamd = await startClamd();
  onTestFinished(() => clamd.stop());
  const guard = guardOf(clamd);
  for (let crashes = 1; crashes <= 3; crashes++) {
    const dying = scan(guard, EVIL, () => clamd.kill());
    await expect(dying).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE", crashes });
    const { port } = clamd;
    await clamd.stop();
    clamd = await startClamd({ port });
    expect(await scan(guard, "another")).toMatchObject({ verdict: "clean" });
  }
  expect(await scan(guard, EVIL)).toMatchObject(CONDEMNED);
});

describe("the gate", () => {
  /** Something inside that ends when it is told to. */
  function enter(gate: ScanGate, alone: boolean, signal = never) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const state = { inside: false };
    const ended = gate.run(
      alone,
      () => {
        state.inside = true;
        return promise;
      },
      signal,
    );
    ended.catch(() => undefined);
    const end = () => {
      resolve();
      return ended;
    };
    return { state, ended, end };
  }
  const settle = () => new Promise(setImmediate);

  test("lets nobody in beside one that must be alone, and none before it that came later", async () => {
    const gate = new ScanGate();
    const visitors = [false, false, true, false, false].map((alone) => enter(gate, alone));
    const inside = () => visitors.map(({ state }) => state.inside);
    await settle();
    expect(inside()).toEqual([true, true, false, false, false]);
    await visitors[0]?.end();
    await settle();
    expect(inside()).toEqual([true, true, false, false, false]);
    await visitors[1]?.end();
    await settle();
    expect(inside()).toEqual([true, true, true, false, false]);
    await visitors[2]?.end();
    await settle();
    expect(inside()).toEqual([true, true, true, true, true]);
    await Promise.all(visitors.map((visitor) => visitor.end()));
  });

  test("isn't held up by one that has stopped waiting to be alone", async () => {
    const gate = new ScanGate();
    const stop = new AbortController();
    const [first, alone, last] = [enter(gate, false), enter(gate, true, stop.signal), enter(gate, false)];
    stop.abort(new Error("gone"));
    await expect(alone.ended).rejects.toThrow("gone");
    await settle();
    expect(last.state.inside).toBe(true);
    await Promise.all([first.end(), last.end()]);
  });

  test("sends away who has waited too long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const gate = new ScanGate();
    const [first, alone] = [enter(gate, false), enter(gate, true)];
    await vi.advanceTimersByTimeAsync(MAX_LINE_WAIT_MS);
    await expect(alone.ended).rejects.toMatchObject({ code: "LANE_FULL" });
    await first.end();
  });
});
