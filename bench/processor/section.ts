/** What checking and converting costs: the processor, its programs and clamd as `npm start` runs them. */
import { buildChildren } from "../../processor/build-children.ts";
import type { Section } from "../section.ts";
import { resultOf } from "../section.ts";
import { measureBusy } from "./busy.ts";
import { measureConversions } from "./conversions.ts";
import { measureDerivers } from "./derivers.ts";
import { measureLargeFile } from "./large-file.ts";
import { withStack } from "./running-stack.ts";
import { measureScanning } from "./scanning.ts";

export const measureProcessor: Section = async ({ processor: load }) => {
  await buildChildren();
  const rows = [
    ...(await measureScanning(load)),
    ...(await measureDerivers(load)),
    // The large file first: what is resident of an earlier peak would hide its own.
    ...(await withStack(load.largeBytes, async (stack) => [
      ...(await measureLargeFile(stack, load)),
      ...(await measureBusy(stack, load)),
      ...(await measureConversions(stack, load)),
    ])),
  ];
  return resultOf(rows);
};
