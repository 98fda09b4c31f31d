import { formatTable } from "./table.ts";

/** A figure beside what it is to be. */
export interface TargetResult {
  readonly figure: string;
  readonly unit: string;
  readonly bound: "at-most" | "at-least";
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

type Measured = Pick<TargetResult, "figure" | "unit" | "limit" | "measured">;

export function atMost(measured: Measured): TargetResult {
  return { ...measured, bound: "at-most", met: measured.measured <= measured.limit };
}

export function atLeast(measured: Measured): TargetResult {
  return { ...measured, bound: "at-least", met: measured.measured >= measured.limit };
}

const HEADERS = ["the product's", "target", "measured", ""];
const SIGN = { "at-most": "≤", "at-least": "≥" } as const;

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function formatRow({ figure, unit, bound, limit, measured, met }: TargetResult): string[] {
  const target = `${SIGN[bound]} ${formatNumber(limit)} ${unit}`;
  return [figure, target.trimEnd(), formatNumber(measured), met ? "met" : "MISSED"];
}

export function formatTargets(targets: readonly TargetResult[]): string {
  return formatTable(HEADERS, targets.map(formatRow));
}
