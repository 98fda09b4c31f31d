import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../support/api.ts";
import { readUploads } from "../support/killable/disk.ts";
import { Fleet } from "../support/killable/fleet.ts";
import type { HeldUpload } from "../support/killable/held-uploads.ts";
import { holdUploads } from "../support/killable/held-uploads.ts";
import { FINALISE_PHASES, Histogram } from "../support/killable/histogram.ts";
import { checkOutcome } from "../support/killable/outcome.ts";
import type { Numbers } from "../support/killable/seeded.ts";
import { numbersOf } from "../support/killable/seeded.ts";
import type { KillableStack } from "../support/killable/stack.ts";
import { newKillableStack } from "../support/killable/stack.ts";
import { runs } from "../support/runs.ts";

const MIB = 1024 * 1024;
/** Decides the moments of the kills, the uploads' sizes and bytes, and their appends' sizes. Another may be asked for. */
const SEED = Number(process.env["CAUSEWAY_SEED"] ?? randomInt(2 ** 31));
/**
 * When workerd is killed: while many large uploads are sending, while small ones are completed one after the other, and
 * with an upload waiting in every state of finalise.
 */
const KILLS = { sending: runs(2, 100), completing: runs(1, 20), finalising: runs(1, 21) } as const;
type KillKind = keyof typeof KILLS;

/** That many uploads are under way at every kill of the first kind; spare ones, because some may have just ended. */
const UPLOADS = 8;
const LARGE = { size: UPLOADS + 2, leastBytes: runs(5, 64) * MIB, mostBytes: runs(9, 96) * MIB } as const;
const SMALL = { size: 8, leastBytes: 1_000, mostBytes: MIB / 4 } as const;
/** A moment is at random from when all uploads of a kind have begun to this. */
const LATEST_MS = { sending: runs(800, 4_000), completing: 400 } as const;
const TIME_LIMIT_MS = runs(120_000, 30 * 60_000);

let stack: KillableStack;
beforeAll(async () => {
  stack = await newKillableStack();
});
afterAll(() => stack.remove());

/** The kills in their order, which is any. */
function planKills(): readonly KillKind[] {
  const numbers = numbersOf(SEED, -1);
  const kinds = (Object.keys(KILLS) as KillKind[]).flatMap((kind) => Array<KillKind>(KILLS[kind]).fill(kind));
  const kills = kinds.map((kind) => ({ kind, order: numbers.between(0, 2 ** 31) }));
  return kills.sort((a, b) => a.order - b.order).map(({ kind }) => kind);
}

/** Kills workerd at a random moment while a fleet is sending. Returns how many of its uploads were under way. */
async function killSending(fleet: Fleet, momentMs: number): Promise<number> {
  await fleet.prepare();
  const sending = fleet.sendUntilKilled();
  await Promise.race([wait(momentMs), sending]);
  const { underWay } = fleet;
  await stack.kill();
  await sending;
  return underWay;
}

/** Kills workerd with an upload waiting in every state of finalise. */
async function killHeld(numbers: Numbers, round: number): Promise<readonly HeldUpload[]> {
  const held = await holdUploads(stack, numbers, round);
  await stack.kill();
  expectCaught(held);
  return held;
}

/** What waited in a state of finalise is in that state on disk. */
function expectCaught(held: readonly HeldUpload[]): void {
  const uploads = readUploads(stack.stateDirectory).filter(({ kind }) => kind !== "partial");
  const phases = new Map(uploads.map(({ tenantId, phase }) => [String(tenantId), phase]));
  expect(held.map(({ tenantId }) => phases.get(tenantId))).toEqual(held.map(({ place }) => place.phase));
}

test(
  `uploads go on after every kill -9 of workerd, and arrive whole and once (seed ${SEED})`,
  async () => {
    const startedAtMs = performance.now();
    const caller = await newCaller({ stack });
    const fleets = {
      sending: new Fleet({ stack, caller, seed: SEED, ...LARGE }),
      completing: new Fleet({ stack, caller, seed: SEED + 1, ...SMALL }),
    };
    const histogram = new Histogram();
    const held: HeldUpload[] = [];
    for (const [index, kind] of planKills().entries()) {
      const numbers = numbersOf(SEED, -2 - index);
      await stack.start();
      if (kind === "finalising") {
        held.push(...(await killHeld(numbers, held.length / FINALISE_PHASES.length)));
      } else {
        const underWay = await killSending(fleets[kind], numbers.between(0, LATEST_MS[kind]));
        if (kind === "sending") expect(underWay).toBeGreaterThanOrEqual(UPLOADS);
      }
      histogram.note(readUploads(stack.stateDirectory));
    }
    await stack.start();
    await Promise.all([fleets.sending.finish(), fleets.completing.finish()]);
    const sent = [...fleets.sending.files, ...fleets.completing.files];
    const outcome = await checkOutcome(stack, [...sent, ...held]);
    const tookSeconds = Math.round((performance.now() - startedAtMs) / 1000);
    const summary = JSON.stringify({ ...KILLS, ...outcome, ...fleets.sending.tally, tookSeconds });
    process.stdout.write(`seed ${SEED}\n${histogram.toString()}\n${summary}\n`);
    for (const kills of histogram.kills) expect(kills).toBeGreaterThanOrEqual(runs(1, 20));
  },
  TIME_LIMIT_MS,
);
