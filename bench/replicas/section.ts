/** What copies cost, and what reads of them do: one file to four targets, and reads while the primary has lost it. */
import type { Section } from "../section.ts";
import { resultOf } from "../section.ts";
import { measureCopying } from "./copying.ts";
import { measureReading } from "./reading.ts";

export const measureReplicas: Section = async ({ replicas: { fileBytes, reads } }) => {
  const rows = [...(await measureCopying(fileBytes)), ...(await measureReading(reads))];
  return resultOf(rows);
};
