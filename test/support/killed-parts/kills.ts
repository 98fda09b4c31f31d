import { setTimeout as wait } from "node:timers/promises";
import type { Numbers } from "../killable/seeded.ts";
import { countVerdicts } from "../stack-state.ts";
import type { StackPlace, StartedStack } from "../started-stack.ts";

/** What is killed, and how one knows its process. Worker, queue and stores are in one workerd (decision 0004). */
const PARTS = {
  processor: "processor/main.ts",
  clamd: "clamd --config-file",
  queue: "workerd serve",
} as const;
export type Part = keyof typeof PARTS;

const POLL_MS = 10;

/** Kills in any order, of which the last is the processor's: then what was leased by a lost answer isn't waited for. */
export function planKills(counts: Readonly<Record<Part, number>>, numbers: Numbers): readonly Part[] {
  const { processor, ...others } = counts;
  const parts = Object.entries({ ...others, processor: processor - 1 }).flatMap(([part, count]) =>
    Array<Part>(count).fill(part as Part),
  );
  const kills = parts.map((part) => ({ part, order: numbers.between(0, 2 ** 31) }));
  return [...kills.sort((a, b) => a.order - b.order).map(({ part }) => part), "processor"];
}

/** `kill -9` of a part, which is there again: whoever watches over it starts it. */
export async function killPart(stack: StartedStack, part: Part): Promise<void> {
  for (;;) {
    const found = stack.processes().find(({ command }) => command.includes(PARTS[part]));
    if (found !== undefined) return void process.kill(found.pid, "SIGKILL");
    // It was killed just now, and isn't back yet.
    await wait(POLL_MS);
  }
}

/** Resolves when so many files have their verdict. */
export async function verdictsReached(place: StackPlace, count: number): Promise<void> {
  while (countVerdicts(place).size < count) await wait(POLL_MS);
}
