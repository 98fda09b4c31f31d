import type { ActiveContent } from "#contract/active-content.ts";

/** Why a file could not be looked through: it is broken, or more than is looked at. */
export class NotLookedThrough extends Error {}

/** Whether what looks through a file came to its end. */
export async function isLookedThrough(look: () => Promise<void>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (error instanceof NotLookedThrough) return false;
    throw error;
  }
}

/** What is known of a file when it was looked into. */
export interface Findings {
  /** What its content says it is; undefined where it doesn't. */
  readonly type?: string | undefined;
  /** Whether nobody can look into it without a password. */
  readonly isEncrypted?: boolean | undefined;
  readonly active: readonly ActiveContent[];
  /** False where there may be more than was found. */
  readonly isComplete: boolean;
  /** Set where nobody looked, so that it says nothing of the file. */
  readonly isUnseen?: boolean;
}

export const NOT_LOOKED_THROUGH: Findings = { active: [], isComplete: false };
export const NOT_LOOKED_AT: Findings = { ...NOT_LOOKED_THROUGH, isUnseen: true };
