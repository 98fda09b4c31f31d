import type { Fault } from "./faults.ts";

/** One thing that happens, with all that was drawn for it. */
export interface Happening {
  readonly what: keyof typeof HAPPENINGS;
  /** Chooses among what there is. */
  readonly pick: number;
  readonly mebibytes: number;
  readonly fault: Fault | undefined;
  /** Whether what comes after it doesn't: the object isn't made, or forgets what it only noted. */
  readonly isCut: boolean;
}

/** How often each happens, beside the others. */
export const HAPPENINGS = {
  ...{
    create: 2,
    "create-deferred": 2,
    "create-partial": 1,
    "create-partial-deferred": 2,
    "create-final": 2,
  },
  ...{ append: 9, "tell-length": 3, finish: 14, end: 2, restart: 2, alarms: 1, sweep: 1 },
  "set-quota": 1,
  ...{ verdict: 5, derivative: 4, "new-version": 7, "make-current": 6, delete: 3, restore: 3, purge: 1 },
} as const;
