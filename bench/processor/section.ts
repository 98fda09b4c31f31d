/** What checking and converting costs: the processor, its programs and clamd as `npm start` runs them. */
import { buildChildren } from "../../processor/build-children.ts";
import type { Row, Section } from "../section.ts";
import { resultOf } from "../section.ts";
import { measureBusy } from "./busy.ts";
import { measureConversions } from "./conversions.ts";
import { measureDerivers } from "./derivers.ts";
import { measureLargeFile } from "./large-file.ts";
import type { ProcessorLoad } from "./load.ts";
import { type RunningStack, withStack } from "./running-stack.ts";
import { measureScanning } from "./scanning.ts";

/** What `--only` may name, in the order in which it is measured. */
export const PROCESSOR_PARTS = ["scanning", "derivers", "large", "busy", "conversions"] as const;
type Part = (typeof PROCESSOR_PARTS)[number];

/** Of these parts: of a running stack the large file comes first, since what is resident of a peak would hide its own. */
const ON_A_STACK: Partial<
  Record<Part, (stack: RunningStack, load: ProcessorLoad) => Promise<readonly Row[]>>
> = {
  large: measureLargeFile,
  busy: measureBusy,
  conversions: measureConversions,
};

async function measureOnStack(load: ProcessorLoad, parts: readonly Part[]): Promise<readonly Row[]> {
  const measures = parts.flatMap((part) => ON_A_STACK[part] ?? []);
  if (measures.length === 0) return [];
  return withStack(load.largeBytes, async (stack) => {
    const rows: Row[] = [];
    for (const measure of measures) rows.push(...(await measure(stack, load)));
    return rows;
  });
}

export const measureProcessor: Section = async ({ processor: load, only }) => {
  await buildChildren();
  const named = PROCESSOR_PARTS.filter((part) => only.includes(part));
  const parts = named.length === 0 ? PROCESSOR_PARTS : named;
  return resultOf([
    ...(parts.includes("scanning") ? await measureScanning(load) : []),
    ...(parts.includes("derivers") ? await measureDerivers(load) : []),
    ...(await measureOnStack(load, parts)),
  ]);
};
