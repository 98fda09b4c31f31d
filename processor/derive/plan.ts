import type { DerivativeName } from "#contract/derivatives.ts";
import { derivativesOf, typeOf } from "#contract/derivatives.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import type { Standing } from "#contract/reports.ts";
import type { Wishes } from "#contract/wishes.ts";

/** What is to be made of a version, by what is known of it. */
export interface Plan {
  readonly type: string;
  readonly wishes: Wishes;
  /** In the order in which it is wanted. */
  readonly wanted: readonly DerivativeName[];
}

export function planOf(
  { declaredType }: Pick<ProcessJob, "declaredType">,
  { sniffedType, derivatives, givenUp, wishes }: Omit<Standing, "state" | "mustScan">,
): Plan {
  const type = typeOf(declaredType, sniffedType);
  const settled = new Set([...derivatives, ...givenUp]);
  return { type, wishes, wanted: derivativesOf(type, wishes).filter((name) => !settled.has(name)) };
}
