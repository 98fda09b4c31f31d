import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../support/api.ts";
import { newCaller } from "../support/api.ts";
import { numbersOf } from "../support/killable/seeded.ts";
import { killPart, planKills, verdictsReached } from "../support/killed-parts/kills.ts";
import type { MixedFile } from "../support/killed-parts/mix.ts";
import { mixOf } from "../support/killed-parts/mix.ts";
import { listAll, uploadAll } from "../support/killed-parts/uploads.ts";
import { runs } from "../support/runs.ts";
import { sha256Of } from "../support/sha256.ts";
import { countByFile } from "../support/stack-state.ts";
import type { StackPlace, StartedStack } from "../support/started-stack.ts";
import { newPlace } from "../support/started-stack.ts";

/** Decides the files, what is killed, and when. Another may be asked for. */
const SEED = Number(process.env["CAUSEWAY_SEED"] ?? randomInt(2 ** 31));
const FILES = runs(20, 1_000);
const KILLS = { processor: runs(1, 20), clamd: runs(1, 5), queue: runs(1, 5) } as const;
const TIME_LIMIT_MS = runs(120_000, 45 * 60_000);
const POLL_MS = 250;

/** Kills one part after the other while files are checked, at moments that are spread over all of them. */
async function killThemAll(place: StackPlace, stack: StartedStack): Promise<void> {
  const numbers = numbersOf(SEED, -1);
  const kills = planKills(KILLS, numbers);
  // The last but one has to find something to do.
  const apart = Math.floor((FILES - 2) / kills.length);
  for (const [index, part] of kills.entries()) {
    await verdictsReached(place, index * apart + numbers.between(1, apart));
    await killPart(stack, part);
  }
}

function isSettled({ state, missingDerivatives }: FileRecord): boolean {
  return state !== "quarantined" && missingDerivatives.every((missing) => missing.state !== "making");
}

/** Every file when all is over, but for uploads that were cut and begun anew. */
async function waitForEnds(
  caller: Caller,
  acknowledged: ReadonlySet<string>,
): Promise<readonly FileRecord[]> {
  for (;;) {
    const all = await listAll(caller);
    const records = all.filter(({ id, state }) => acknowledged.has(id) || state !== "uploading");
    if (records.every(isSettled)) return records;
    await wait(POLL_MS);
  }
}

/** It ended as it must, all of what there is to make of it is there, and it is served as it came, or not at all. */
async function expectRight(caller: Caller, record: FileRecord, file: MixedFile): Promise<void> {
  const { filename, state, derivatives, missingDerivatives } = record;
  expect({ filename, state, missingDerivatives }).toEqual({
    ...{ filename: file.filename, state: file.state, missingDerivatives: [] },
  });
  expect(derivatives.map(({ name }) => name).sort(), filename).toEqual(file.derivatives);
  const answer = await caller.fetch(`/v1/files/${record.id}/content`);
  expect(answer.status, filename).toBe(file.state === "clean" ? 200 : 403);
  if (answer.status !== 200) return;
  expect(sha256Of(Buffer.from(await answer.arrayBuffer())), filename).toBe(sha256Of(await file.make()));
}

/** An upload that was cut, but had all of its bytes, may have been completed since, and have been checked too. */
function expectOnce(counts: ReadonlyMap<string, number>, records: readonly FileRecord[]): void {
  expect(new Set(counts.values())).toEqual(new Set([1]));
  expect(records.filter(({ id }) => !counts.has(id))).toEqual([]);
}

test(
  `every file ends right, and once, though what checks it is killed again and again (seed ${SEED})`,
  async () => {
    const startedAtMs = performance.now();
    vi.stubEnv("CAUSEWAY_RATE_LIMIT_FACTOR", "1000");
    onTestFinished(() => void vi.unstubAllEnvs());
    const place = await newPlace();
    const stack = await place.start();
    const caller = await newCaller({ stack });
    const files = mixOf(SEED, FILES);
    const [acknowledged] = await Promise.all([uploadAll(caller, files), killThemAll(place, stack)]);
    expect(acknowledged.size).toBe(FILES);
    const records = await waitForEnds(caller, acknowledged);
    const byName = new Map(files.map((file) => [file.filename, file]));
    for (const record of records) {
      const file = byName.get(record.filename);
      if (file === undefined) throw new Error(`Nobody uploaded ${record.filename}.`);
      await expectRight(caller, record, file);
    }
    for (const what of ["verdicts", "checks"] as const) expectOnce(countByFile(place, what), records);
    const tookSeconds = Math.round((performance.now() - startedAtMs) / 1000);
    process.stdout.write(
      `seed ${SEED}: ${JSON.stringify({ ...KILLS, files: records.length, tookSeconds })}\n`,
    );
  },
  TIME_LIMIT_MS,
);
