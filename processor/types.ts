import { ACTIVE_TYPES } from "#contract/blocked-types.ts";
import type { ProcessJob } from "#contract/jobs.ts";
import { contentOf, findProgram, isReadAsText } from "#contract/programs.ts";
import type { Inspection } from "./inspect.ts";
import { unscannable } from "./scan/verdict.ts";

/** The "signature" of what runs, and was said to be something else. */
export const NOT_AS_DECLARED = "Type.NotAsDeclared";

/**
 * What is clean stays so only if it isn't a program under another name: by the edge's own rule, whatever way its bytes came
 * by there, and by what is told from more of them than the edge looks at. A text that begins as programs do is a text.
 */
export function judgeType({ declaredType }: ProcessJob, inspection: Inspection): Inspection {
  const { verdict, head, sniffedType } = inspection;
  if (verdict !== "clean") return inspection;
  const content = contentOf(head);
  if (findProgram(content, declaredType) !== undefined)
    return { ...inspection, ...unscannable(NOT_AS_DECLARED) };
  if (sniffedType === null || !ACTIVE_TYPES.has(sniffedType)) return inspection;
  const isText = isReadAsText(declaredType) && !content.text.includes("\0");
  return isText ? { ...inspection, sniffedType: null } : { ...inspection, ...unscannable(NOT_AS_DECLARED) };
}
