import { describe, expect, test } from "vitest";
import { distinctBytes } from "../support/distinct-bytes.ts";
import { numbersOf } from "../support/killable/seeded.ts";
import { startMoto } from "../support/moto.ts";
import { runs } from "../support/runs.ts";
import { useStarted } from "../support/started.ts";
import type { History } from "../support/yardstick/histories.ts";
import { drawHistory, HISTORIES } from "../support/yardstick/histories.ts";
import type { TusServer } from "../support/yardstick/servers.ts";
import { startPackages, startProduct } from "../support/yardstick/servers.ts";

/** What the packages answer otherwise, by history and step: theirs and ours. docs/decisions/0023-s3.md has the reasons. */
const DIFFERENCES: Readonly<Record<string, Readonly<Record<number, readonly [string, string]>>>> = {
  "at wrong offsets": { 7: ["append 500", "append 204 at 100"] },
  "with more than its length": { 4: ["append 413", "append 409"] },
  "of another type": { 1: ["append-as 400", "append-as 415"] },
  "given up when done": {
    2: ["terminate 404", "terminate 204"],
    3: ["head 200 at 100 of 100", "head 404"],
  },
};

/** Of refusals ours say where the upload is, which saves whoever reads it a HEAD; theirs don't. */
function isSame(theirs: string, ours: string | undefined): boolean {
  return ours === theirs || (/ 4\d\d$/.test(theirs) && ours?.startsWith(`${theirs} at `) === true);
}

interface Pair {
  readonly packages: TusServer;
  readonly product: TusServer;
  stop(): Promise<void>;
}

async function startPair(): Promise<Pair> {
  const moto = await startMoto();
  const [packages, product] = await Promise.all([startPackages(moto), startProduct(moto)]);
  return {
    packages,
    product,
    async stop() {
      await Promise.all([packages.stop(), product.stop()]);
      await moto.stop();
    },
  };
}

const pair = useStarted(startPair);

async function compare(history: History): Promise<void> {
  const theirs = await pair.packages.carryOut(history);
  const ours = await pair.product.carryOut(history);
  const differences = theirs.answers.flatMap((answer, index) =>
    isSame(answer, ours.answers[index]) ? [] : [[index, [answer, ours.answers[index]]] as const],
  );
  expect(Object.fromEntries(differences)).toEqual(DIFFERENCES[history.name] ?? {});
  const isDone = ours.answers.at(-1)?.includes(`at ${history.sizeBytes}`) === true;
  if (!isDone) return;
  const whole = distinctBytes(history.sizeBytes + 16).subarray(0, history.sizeBytes);
  expect(ours.stored?.equals(whole)).toBe(true);
  expect(theirs.stored?.equals(whole)).toBe(true);
}

describe("an upload is answered as @tus/server with @tus/s3-store answers it, and stored as it stores it", () => {
  test.each(HISTORIES.map((history) => [history.name, history] as const))("%s", (_name, history) =>
    compare(history),
  );

  const SEED = 1;
  test.each(Array.from({ length: runs(0, 20) }, (_, index) => index))("drawn %i", async (index) => {
    await compare(drawHistory(numbersOf(SEED, index), `drawn ${index}`));
  });
});
